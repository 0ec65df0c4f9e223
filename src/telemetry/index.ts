export type { DecisionLogReading } from "./decision-log-metrics.js"
export { createLogger, type Logger, type LoggerOptions } from "./logger.js"
export { createMetrics, type DataReading, type Metrics } from "./metrics.js"
