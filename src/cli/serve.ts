import type { Command } from "commander"
import { createAdministration } from "../administration/index.js"
import { loadAuthorizationData, readAuthorizationDataFiles } from "../authorization-data/index.js"
import { parseHostPort, parseListen, serverLimitsOf, verifiesTokens, type Config, type LoadedConfig } from "../config/index.js"
import { decisionLogOf, type ConfiguredDecisionLog } from "../decision-log/index.js"
import type { Database } from "../database/index.js"
import type { Pdp, PdpStatus } from "../pdp/index.js"
import { startServer, type RunningServer } from "../server/index.js"
import { createLogger, type Logger } from "../telemetry/index.js"
import { keptAlive } from "../model/timers.js"
import { packageVersion } from "../model/package-version.js"
import { ConfigFlags, configuredBy, withDataOptions, withPolicyOptions, withServerOptions } from "./config-options.js"
import { configuredBundles } from "./configured-bundles.js"
import { checkTls, configuredIdentity, openToThisMachine, type ConfiguredIdentity } from "./configured-identity.js"
import { configuredGateway, type ConfiguredGateway } from "./configured-gateway.js"
import { configuredOpa, processLabels, type ProcessLabels } from "./configured-opa.js"
import { configuredPdp } from "./configured-pdp.js"
import { logDecisionLog } from "./decision-log-watch.js"
import { exitCodes, type ExitCode } from "./exit-code.js"
import { logIdentity } from "./identity-log.js"
import { keepDatabase, type KeptDatabase } from "./keep-database.js"
import { textLog } from "./log-stream.js"
import { assertLogEntrypoints } from "./log-entrypoints.js"
import { ourName } from "./our-name.js"
import { logPdp } from "./pdp-log.js"
import { painted, type Terminal } from "./terminal.js"
import { curlLine } from "./curl-line.js"
import { tryRequests } from "./try-requests.js"
import { walkThrough, type WalkStep } from "./walk-through.js"

/** `portcullis serve`: runs until SIGTERM or SIGINT, then lets requests finish and exits 0. */
export function addServe(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = program.command("serve").description("Run the sidecar; prints where it listens and requests to try")
  withServerOptions(withPolicyOptions(withDataOptions(command)))
    .addHelpText("after", examples)
    .action(async (options: unknown) => {
      await serveUntilStopped(configuredBy(ConfigFlags.parse(options), terminal), terminal)
      finish(exitCodes.ok)
    })
}

const examples = `
Examples:
  portcullis serve --config portcullis.yaml
  portcullis serve --data authorization.yaml --bindings bindings.yaml
  portcullis serve --bundle https://portcullis.example.com/bundles/authz.tar.gz
  portcullis serve --policy policies/ --data data.json --entrypoint todo/allow
  portcullis serve --profile nemo --data static.json --listen 127.0.0.1:9000
  portcullis serve --config portcullis.yaml --listen unix:/run/portcullis/portcullis.sock
  portcullis serve --config portcullis.yaml --listen 0.0.0.0:8181 --insecure-behind-proxy`

/** For all listeners together: they close one after the other, and everything must have ended within ten seconds. */
const graceMs = 5_000

async function serveUntilStopped(loaded: LoadedConfig, terminal: Terminal): Promise<void> {
  const { config } = loaded
  const logger = createLogger({ level: config.log.level, ...(config.log.format === "text" && { stream: textLog(terminal.err) }) })
  const stopped = new Promise<void>((resolve) => terminal.onStop(resolve))
  const identity = configuredIdentity(config, logger)
  try {
    checkTls(identity)
    const gateway = configuredGateway(config, logger)
    await keptAlive(serveAs(identity, { loaded, gateway, logger, stopped, terminal }).finally(gateway.close))
  } finally {
    identity.close()
  }
}

interface Serving {
  readonly loaded: LoadedConfig
  readonly gateway: ConfiguredGateway
  readonly logger: Logger
  readonly stopped: Promise<void>
  readonly terminal: Terminal
}

async function serveAs(identity: ConfiguredIdentity, { loaded, gateway, logger, stopped, terminal }: Serving): Promise<void> {
  const { config } = loaded
  const labels = processLabels(config)
  const decisionLog = decisionLogOf(config.decision_log, labels)
  const { pdp, database } = await configuredPdp(config, true, terminal, { decisionLog: decisionLog?.log, labels })
  const stopLogging = decisionLog && logDecisionLog(decisionLog.log, logger)
  let kept: KeptDatabase | undefined
  try {
    if (decisionLog) assertLogEntrypoints(pdp.status(), config.decision_log)
    logPdp(pdp, logger)
    logIdentity(config, logger)
    kept = database && (await keepDatabase(database, pdp, config, logger))
    if (isBare(pdp.status())) logger.warn(nobodyHoldsARole(database !== undefined))
    const server = await startServer({
      ...serverOptions({ pdp, database, kept, decisionLog, labels }, loaded, logger),
      ...identity.options,
      ...gateway.options,
    })
    const say = config.decision_log.console ? terminal.err : terminal.out
    say(announcement(server, pdp.status(), config, terminal))
    say(await suggestions(pdp, server, config, database !== undefined))
    await stopped
    logger.info({ graceMs }, "stopping: requests in work may finish")
    await server.close(server.healthUrl === undefined ? graceMs : graceMs / 2)
  } finally {
    await kept?.stop()
    await decisionLog?.close()
    stopLogging?.()
    await pdp.close()
  }
}

function isBare({ ready, bindings, bundle }: PdpStatus): boolean {
  return ready && bindings === 0 && !bundle
}

function nobodyHoldsARole(isWritable: boolean): string {
  const first = isWritable ? "name the first PlatformAdmin (auth.admin_email, PORTCULLIS_AUTH__ADMIN_EMAIL)" : "write role bindings into the source"
  return `nobody holds a role yet, so that only public operations are allowed; to begin, ${first}, or serve a file of role bindings with --bindings FILE`
}

interface Served {
  readonly pdp: Pdp
  readonly database: Database | undefined
  readonly kept: KeptDatabase | undefined
  readonly decisionLog: ConfiguredDecisionLog | undefined
  readonly labels: ProcessLabels
}

function serverOptions({ pdp, database, kept, decisionLog, labels }: Served, loaded: LoadedConfig, logger: Logger) {
  const { config } = loaded
  const { server, profile, auth } = config
  return {
    pdp,
    ...(database && { administration: createAdministration({ pdp, database }) }),
    bundles: configuredBundles(config),
    ...(decisionLog && {
      decisionLogs: { intake: decisionLog.intake, mostBytes: config.decision_log.intake.max_bytes, status: decisionLog.log.status },
    }),
    opa: configuredOpa(loaded, labels, decisionLog !== undefined),
    notices: kept?.notices,
    processes: kept?.processes,
    listen: parseListen(server.listen),
    ...(server.health_listen !== undefined && { healthListen: parseHostPort(server.health_listen) }),
    logger,
    limits: serverLimitsOf(config),
    allowedHosts: server.allowed_hosts,
    allowedOrigins: server.allowed_origins,
    profile,
    bundleCacheSeconds: auth.bundle_cache_seconds,
  }
}

function announcement(server: RunningServer, { profile }: PdpStatus, config: Config, terminal: Terminal): string {
  const health = server.healthUrl === undefined ? "" : `Health and metrics on ${server.healthUrl}\n`
  const grpc = server.envoyGrpcUrl === undefined ? "" : `Envoy asks over gRPC on ${server.envoyGrpcUrl}\n`
  return `${painted(terminal, "bold", `Portcullis ${packageVersion()} (${profile}) listens on ${server.url}`)}\n${health}${grpc}${loginHint(server, config)}`
}

/** The command line does not speak over UNIX domain sockets, and without a client nobody can log in. */
function loginHint({ url }: RunningServer, config: Config): string {
  if (!verifiesTokens(config) || config.auth.oidc.client_id === undefined || url.startsWith("unix:")) return ""
  return `Log in with: ${ourName} auth login --url ${url.replace(/\/\/(?:0\.0\.0\.0|\[::\])(?=:)/, "//localhost")}\n`
}

/** Requests to try, those that a caller on this machine may make. Looked for once the server listens: it takes a moment. */
async function suggestions(pdp: Pdp, server: RunningServer, config: Config, isWritable: boolean): Promise<string> {
  const { maySayWhoAsks, mayAsk } = openToThisMachine(config)
  const { ready, profile, policy, bundle } = pdp.status()
  if (!ready || !mayAsk || config.opa.authorization) return ""
  if (profile === "custom")
    return section(
      "Try",
      policy.entrypoints
        .filter((name) => !name.startsWith("system/"))
        .slice(0, mostSuggested)
        .map((name) => evaluationOf(name, server)),
    )
  if (bundle) return ""
  const { data } = loadAuthorizationData({ documents: await readAuthorizationDataFiles(config.data), profile: config.profile })
  const target = { url: server.url, profile: config.profile, headerPrefix: config.auth.principal_header_prefix }
  const asked = tryRequests(pdp, data).map(({ title, request }) => ({ title, line: curlLine(target, request) }))
  const walked = isWritable && maySayWhoAsks ? walkThrough(pdp, target, config.auth.admin_email) : []
  return `${section("Try", asked)}${section("Or step through the life of a workspace", walked)}`
}

const mostSuggested = 5

function evaluationOf(entrypoint: string, { url }: RunningServer): WalkStep {
  return { title: `evaluate ${entrypoint}`, line: `curl -s ${url}/v1/data/${entrypoint} -d '{"input": {}}'` }
}

function section(title: string, steps: readonly WalkStep[]): string {
  return steps.length === 0 ? "" : `${title}:\n${steps.map((step) => `\n# ${step.title}\n${step.line}\n`).join("")}\n`
}
