import { randomUUID } from "node:crypto"
import { shownConfiguration, type Config, type LoadedConfig } from "../config/index.js"
import type { OpaOptions } from "../server/index.js"

/** What a process is called wherever it is named as OPAs are: in decision logs, in its reports, and by OPA's API. */
export type ProcessLabels = Readonly<Record<string, string>>

/** Those of the configuration, and an id that no other process has. */
export function processLabels({ opa }: Config): ProcessLabels {
  return { ...opa.labels, id: randomUUID() }
}

/** How a configuration wants OPA's API served, for `startServer`. @param logsDecisions answers name their decision */
export function configuredOpa({ config, values }: LoadedConfig, labels: ProcessLabels, logsDecisions: boolean): OpaOptions {
  const { default_decision: defaultDecision, data_writes: dataWrites, authorization } = config.opa
  const shown = shownConfiguration(values)
  return {
    defaultDecision,
    dataWrites,
    authorization,
    decisionIds: logsDecisions && config.decision_log.log !== "none",
    labels,
    configuration: () => shown,
  }
}
