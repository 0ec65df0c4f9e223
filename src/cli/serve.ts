import type { Command } from "commander"
import { loadAuthorizationData, readAuthorizationDataFiles } from "../authorization-data/index.js"
import { parseListen, serverLimitsOf, type Config } from "../config/index.js"
import { messageOf } from "../errors.js"
import type { Pdp } from "../pdp/index.js"
import { startServer, type RunningServer } from "../server/index.js"
import { createLogger, type Logger } from "../telemetry/index.js"
import { ConfigFlags, configuredBy, withDataOptions, withServerOptions } from "./config-options.js"
import { configuredPdp } from "./configured-pdp.js"
import { exitCodes, type ExitCode } from "./exit-code.js"
import { textLog } from "./log-stream.js"
import { painted, type Terminal } from "./terminal.js"
import { curlLine, tryRequests } from "./try-requests.js"
import { packageVersion } from "./version.js"

/** `portcullis serve`: runs until SIGTERM or SIGINT, then lets requests finish and exits 0. */
export function addServe(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = program.command("serve").description("Run the sidecar; prints where it listens and requests to try")
  withServerOptions(withDataOptions(command))
    .addHelpText("after", examples)
    .action(async (options: unknown) => {
      const { config } = configuredBy(ConfigFlags.parse(options), terminal)
      await serveUntilStopped(config, terminal)
      finish(exitCodes.ok)
    })
}

const examples = `
Examples:
  portcullis serve --config portcullis.yaml
  portcullis serve --data authorization.yaml --bindings bindings.yaml
  portcullis serve --profile nemo --data static.json --listen 127.0.0.1:9000`

/** For all listeners together: they close one after the other, and everything must have ended within ten seconds. */
const graceMs = 8_000

async function serveUntilStopped(config: Config, terminal: Terminal): Promise<void> {
  const logger = createLogger({ level: config.log.level, ...(config.log.format === "text" && { stream: textLog(terminal.err) }) })
  const stopped = new Promise<void>((resolve) => terminal.onStop(resolve))
  const pdp = await configuredPdp(config)
  try {
    const server = await startedServer(pdp, config, logger)
    logEvents(pdp, logger)
    terminal.out(announcement(server, config, terminal))
    terminal.out(await suggestions(pdp, server, config))
    await stopped
    logger.info({ graceMs }, "stopping: requests in work may finish")
    await server.close(server.healthUrl === undefined ? graceMs : graceMs / 2)
  } finally {
    await pdp.close()
  }
}

function startedServer(pdp: Pdp, config: Config, logger: Logger): Promise<RunningServer> {
  const { server, profile, auth } = config
  return startServer({
    pdp,
    listen: parseListen(server.listen),
    ...(server.health_listen !== undefined && { healthListen: parseListen(server.health_listen) }),
    logger,
    limits: serverLimitsOf(config),
    allowedHosts: server.allowed_hosts,
    allowedOrigins: server.allowed_origins,
    profile,
    bundleCacheSeconds: auth.bundle_cache_seconds,
    version: packageVersion(),
  })
}

function logEvents(pdp: Pdp, logger: Logger): void {
  const { ready, revision, bindings, authorizationData, sources } = pdp.status()
  const facts = { revision, bindings, authorizationData }
  if (ready) logger.info(facts, "decisions can be made")
  else
    for (const { name, failing } of sources)
      if (failing) logger.error({ source: name, reason: failing.message }, "no decisions until this source answers")
  pdp.on("activation", (event) => logger.info(event, "new state decides"))
  pdp.on("refreshFailure", ({ source, error, attempt, retryInMs }) =>
    logger.warn({ source, reason: messageOf(error), attempt, retryInMs }, "refresh failed; the last good state decides"),
  )
}

function announcement(server: RunningServer, config: Config, terminal: Terminal): string {
  const health = server.healthUrl === undefined ? "" : `Health and metrics on ${server.healthUrl}\n`
  return `${painted(terminal, "bold", `Portcullis ${packageVersion()} (${config.profile}) listens on ${server.url}`)}\n${health}`
}

async function suggestions(pdp: Pdp, server: RunningServer, config: Config): Promise<string> {
  if (!pdp.status().ready) return ""
  const { data } = loadAuthorizationData({ documents: await readAuthorizationDataFiles(config.data), profile: config.profile })
  const lines = tryRequests(pdp, data).map(({ title, request }) => `\n# ${title}\n${curlLine(server.url, config.profile, request)}\n`)
  return lines.length > 0 ? `Try:\n${lines.join("")}` : ""
}
