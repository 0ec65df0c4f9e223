import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { InvalidArgumentError, Option, type Command } from "commander"
import { HeaderPrefix } from "../authn/index.js"
import { examineGateway, gatewayKinds, isProven, mostAtOnce, mostRequests, type GatewayExamination, type GatewayKind } from "../doctor/index.js"
import { messageOf, PdpError } from "../errors.js"
import { isCanonicalPath, pathOf } from "../model/canonical-path.js"
import { mayCarrySecrets } from "../model/loopback.js"
import { credentialsAtHand, type CredentialOptions } from "./credentials-at-hand.js"
import { exitCodes, type ExitCode } from "./exit-code.js"
import { findingsText } from "./findings-text.js"
import { environmentToken, loggedIn } from "./identity.js"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import { progressLine } from "./progress.js"
import { runInShell, runInShellAtOnce } from "./shell-command.js"
import { sidecarUrl, withUrlOption } from "./sidecar-url.js"
import type { Terminal } from "./terminal.js"

interface DoctorGatewayOptions extends Omit<CredentialOptions, "as"> {
  readonly allowed: string
  readonly denied?: string
  readonly open?: string
  readonly echo?: string
  readonly stop?: string
  readonly start?: string
  readonly kind?: GatewayKind
  readonly headerPrefix: string
  readonly ca?: string
  readonly insecure?: true
  readonly timeout: number
  readonly away: number
  readonly alsoUnsafeMethods?: true
  readonly url?: string
  readonly output: OutputFormat
}

/** `portcullis doctor gateway`: exit 1 when something got past it, or nobody can tell because nothing passes. */
export function addDoctorGateway(doctor: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = doctor
    .command("gateway")
    .description(
      `Try to get past a gateway of yours, and say what to do about each request that did; exits 0 or 1. Sends at most ${mostRequests} requests, ${mostAtOnce} at a time, to this host alone, none of which changes anything: GET, HEAD, OPTIONS, PROPFIND, TRACE; others with --also-unsafe-methods alone`,
    )
    .argument("<url>", "scheme, host and port of the gateway")
    .requiredOption("--allowed <path>", "a path that the token may GET, which the service answers with 200", pathOption)
  for (const [flag, description] of pathFlags) command.option(`${flag} <path>`, description, pathOption)
  withUrlOption(
    command
      .addOption(new Option("--token <token>", "the token; other people on this machine can see it").conflicts("tokenFile"))
      .option(
        "--token-file <file>",
        "a file with it, or - for what is piped in; default: PORTCULLIS_TOKEN, else who is logged in at the gateway or at --url",
      )
      .option(
        "--stop <command>",
        "stops the sidecar, in a shell: to see that nothing passes without it; needs --start. One that ends the process proves more than SIGSTOP: connections are refused then, and not just silent",
      )
      .option("--start <command>", "starts it again; is run whatever happens")
      .option(
        "--also-unsafe-methods",
        "also send POST, PUT, PATCH and DELETE, without a token, to the path of --denied: where one passes it may change something",
      )
      .option("--away <seconds>", "how long it is kept away: longer than health checks take to notice", secondsOption, 10)
      .addOption(new Option("--kind <kind>", "whose remedies are told; default: what the gateway says of itself").choices(gatewayKinds))
      .option("--header-prefix <prefix>", "what identity headers begin with", "X-NMP-")
      .option("--ca <file>", "certificates of the authorities that are believed, in PEM")
      .option("--insecure", "believe any certificate, and send the token over plain http")
      .option("--timeout <seconds>", "how long an answer may take", secondsOption, 5),
  )
    .addOption(outputOption())
    .addHelpText("after", examples)
    .action(async (text: string, options: DoctorGatewayOptions) => {
      const origin = gatewayOrigin(text, command)
      if ((options.stop === undefined) !== (options.start === undefined)) return command.error("error: --stop and --start go together")
      if (!HeaderPrefix.safeParse(options.headerPrefix).success) return command.error("error: --header-prefix is none, such as X-NMP-")
      const token = await tokenAtHand(options, origin, command, terminal)
      const progress = progressLine(terminal)
      const findings = await examineGateway({
        ...examination(options, origin, terminal),
        token,
        onCheck: (check) => progress.show(`trying: ${check}`),
      })
      progress.end()
      terminal.out(rendered(options.output, findings, () => findingsText(findings, terminal)))
      finish(isProven(findings) ? exitCodes.ok : exitCodes.error)
    })
}

const pathFlags = [
  ["--denied", "a path that the service has, and the token may not GET"],
  ["--open", "a path that anybody may GET without a token"],
  ["--echo", "a path that the token may GET, which is answered with what the service saw: {method, url, headers: [[name, value], …]}"],
] as const

const examples = `
Examples:
  portcullis doctor gateway https://gateway.example.com --allowed /apis/models/v2/workspaces/ml-team/models --denied /apis/models/v2/workspaces/other/models
  portcullis doctor gateway http://127.0.0.1:8080 --token-file token --allowed /a --denied /b --echo /a --stop 'docker compose stop portcullis' --start 'docker compose start portcullis'`

function examination(options: DoctorGatewayOptions, origin: URL, terminal: Terminal): Omit<GatewayExamination, "token" | "onCheck"> {
  const { allowed, denied, open, echo, kind, headerPrefix, insecure, timeout, away, ca, stop, start, alsoUnsafeMethods } = options
  const interrupted = new AbortController()
  if (stop !== undefined) terminal.onStop(() => interrupted.abort())
  return {
    origin,
    paths: { allowed, denied, open, echo },
    kind,
    headerPrefix,
    insecure,
    timeoutMs: timeout * 1_000,
    awayMs: away * 1_000,
    ca: ca === undefined ? undefined : certificates(resolve(terminal.workingFolder, ca)),
    outage: stop === undefined || start === undefined ? undefined : sidecarSwitch(stop, start, terminal),
    alsoUnsafeMethods: alsoUnsafeMethods === true,
    signal: interrupted.signal,
    hooks: { now: terminal.now, pause: terminal.pause, marker: `portcullis-doctor-${randomBytes(6).toString("hex")}` },
  }
}

/** From the moment when it is stopped, it is started again even when this process ends. */
function sidecarSwitch(stop: string, start: string, terminal: Terminal): NonNullable<GatewayExamination["outage"]> {
  let isStarted = (): void => undefined
  return {
    stop() {
      isStarted = terminal.onExit(() => runInShellAtOnce(start, terminal))
      return runInShell(stop, terminal)
    },
    async start() {
      await runInShell(start, terminal)
      isStarted()
    },
  }
}

function gatewayOrigin(text: string, command: Command): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) return command.error(`error: '${text}' is not an http or https URL, such as http://127.0.0.1:8080`)
  if (url.username !== "" || url.password !== "" || url.pathname !== "/" || url.search !== "" || url.hash !== "")
    return command.error("error: a gateway is named by scheme, host and port alone; paths go into --allowed and the others")
  return url
}

function pathOption(path: string): string {
  if (isCanonicalPath(pathOf(path)) && /^[\x21-\x7e]+$/.test(path)) return path
  throw new InvalidArgumentError("it must be a path that begins with one slash, without dot segments, empty segments and needless escapes.")
}

function secondsOption(text: string): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds <= 60) return seconds
  throw new InvalidArgumentError("it must be more than 0 and at most 60.")
}

/** A token that would be readable on its way is wrong usage, and ends the command. */
async function tokenAtHand(options: DoctorGatewayOptions, origin: URL, command: Command, terminal: Terminal): Promise<string | undefined> {
  const token = await foundToken(options, origin, command, terminal)
  if (token === undefined) return undefined
  if (!/^[\x21-\x7e]+$/.test(token)) return command.error("error: what is given as a token is none: no header can carry it")
  if (options.insecure !== true && !mayCarrySecrets(origin))
    return command.error(
      `error: ${origin.origin} is plain HTTP to another machine, where the token could be read on its way; name the gateway by https, reach it through a tunnel to localhost, or write --insecure`,
    )
  return token
}

async function foundToken(options: DoctorGatewayOptions, origin: URL, command: Command, terminal: Terminal): Promise<string | undefined> {
  if (options.token !== undefined || options.tokenFile !== undefined) {
    const given = await credentialsAtHand(options, origin.origin, command, terminal)
    return given && "token" in given ? given.token : undefined
  }
  const ofEnvironment = environmentToken(command, terminal)
  if (ofEnvironment !== undefined) return ofEnvironment
  const login = (await loggedIn(origin.origin, terminal)) ?? (await loggedIn(sidecarUrl(options.url, command, terminal), terminal))
  return login?.token()
}

function certificates(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch (cause) {
    throw new PdpError("ERR_INPUT_INVALID", `cannot read the certificates of --ca from ${file}: ${messageOf(cause)}`, { cause })
  }
}
