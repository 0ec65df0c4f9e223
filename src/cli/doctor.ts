import { Option, type Command } from "commander"
import { loadConfig, parseListen, type LoadedConfig } from "../config/index.js"
import { examine, lookInto, type Wish } from "../doctor/index.js"
import { PdpError } from "../errors.js"
import { addDoctorGateway } from "./doctor-gateway.js"
import { exitCodes, type ExitCode } from "./exit-code.js"
import { findingsText } from "./findings-text.js"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import { sidecarUrl, withUrlOption } from "./sidecar-url.js"
import type { Terminal } from "./terminal.js"
import { credentialsAtHand, type CredentialOptions } from "./credentials-at-hand.js"

interface DoctorOptions extends CredentialOptions {
  readonly config?: string
  readonly url?: string
  readonly workspace?: string
  readonly method: string
  readonly path?: string
  readonly output: OutputFormat
}

/** `portcullis doctor`: exit 1 when something is wrong. */
export function addDoctor(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = program
    .command("doctor")
    .description("Check configuration, sidecar, identity provider and a token, and say what to do about each that is wrong; exits 0 or 1")
    .option("-c, --config <file>", "configuration file of the sidecar (also PORTCULLIS_CONFIG); without it what the sidecar tells counts")
  withUrlOption(command)
    .addOption(new Option("--token <token>", "the token to check; other people on this machine can see it").conflicts(["tokenFile", "as"]))
    .option("--token-file <file>", "a file with it, or - for what is piped in; default: as of the other commands, see --as")
    .option("--as <principal>", "who asks, instead of by a token (also PORTCULLIS_PRINCIPAL); default: PORTCULLIS_TOKEN, else who is logged in")
    .option("--workspace <name>", "where roles are looked for")
    .option("--method <method>", "with --path: what is to be possible", "GET")
    .option("--path <path>", "the request that is to be possible; default: to look into the workspace")
    .addOption(outputOption())
    .addHelpText("after", examples)
    .action(async (options: DoctorOptions) => {
      const load = configurationOf(options, terminal)
      const url = urlOf(options, listenUrl(load), command, terminal)
      const credentials = await credentialsAtHand(options, url, command, terminal)
      const findings = await examine({ load, url, credentials, wish: wishOf(options), hooks: { now: terminal.now } })
      terminal.out(rendered(options.output, findings, () => findingsText(findings, terminal)))
      finish(findings.some(({ ok }) => ok === false) ? exitCodes.error : exitCodes.ok)
    })
    .enablePositionalOptions()
  addDoctorGateway(command, terminal, finish)
}

const examples = `
Examples:
  portcullis doctor --config portcullis.yaml
  portcullis doctor --url https://portcullis.example.com --workspace ml-team
  portcullis auth token | portcullis doctor --token-file - --method POST --path /apis/models/v2/workspaces/ml-team/models --output json`

function configurationOf({ config }: DoctorOptions, { environment, workingFolder }: Terminal): (() => LoadedConfig) | undefined {
  if (config === undefined && !environment["PORTCULLIS_CONFIG"]) return undefined
  return () => loadConfig({ ...(config !== undefined && { file: config }), environment, workingFolder })
}

/** What flag and environment name, else where the configuration listens, which may be a socket. */
function urlOf({ url }: DoctorOptions, listens: string | undefined, command: Command, terminal: Terminal): string {
  const named = url ?? (terminal.environment["PORTCULLIS_URL"] || undefined)
  return named === undefined && listens?.startsWith("unix:") ? listens : sidecarUrl(named ?? listens, command, terminal)
}

/** Where a sidecar with this configuration listens; undefined when that cannot be told. */
function listenUrl(load: (() => LoadedConfig) | undefined): string | undefined {
  try {
    const server = load?.().config.server
    const listen = server && parseListen(server.listen)
    if (listen && "path" in listen) return `unix:${listen.path}`
    if (!listen || listen.port === 0) return undefined
    const host = /^(?:0\.0\.0\.0|::)$/.test(listen.host) ? "127.0.0.1" : listen.host
    return `${server.tls.cert_file === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${listen.port}`
  } catch (thrown) {
    // The examination says what is wrong with it.
    if (thrown instanceof PdpError) return undefined
    throw thrown
  }
}

function wishOf({ workspace, method, path }: DoctorOptions): Wish | undefined {
  if (path !== undefined) return { method, path, ...(workspace !== undefined && { workspace }) }
  return workspace === undefined ? undefined : lookInto(workspace)
}
