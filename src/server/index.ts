export { createLogger, type Logger, type LoggerOptions } from "../telemetry/index.js"
export { ServerLimits } from "./limits.js"
export type { ListenAddress } from "./listen.js"
export { startServer, type RunningServer, type ServerOptions } from "./server.js"
