import { destination, pino, type DestinationStream, type Logger } from "pino"

export type { Logger } from "pino"

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** Least severe level that is written. Default `info`. */
  readonly level?: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent"
  /** Where lines go. Default stderr, so that stdout stays free for results. */
  readonly stream?: DestinationStream
}

/** A logger that writes one JSON object a line. Whatever may hold a secret is replaced by `[redacted]`, wherever it stands. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const settings = { level: options.level ?? "info", redact: { paths: secretPaths(), censor: "[redacted]" } }
  return pino(settings, options.stream ?? destination({ dest: 2, sync: true }))
}

const secretNames = [
  "authorization",
  "cookie",
  "token",
  "access_token",
  "refresh_token",
  "id_token",
  "secret",
  "client_secret",
  "password",
  "x-portcullis-peer-secret",
]

function secretPaths(): string[] {
  const quoted = [...secretNames, "proxy-authorization", "set-cookie"].map((name) => `["${name}"]`)
  return quoted.flatMap((name) => [name, `*${name}`, `*.*${name}`])
}
