import type { FleetClient } from "./fleet-client.js"
import { liveness, type Liveness } from "./liveness.js"
import type { StatusReport } from "./status-report.js"

/** One OPA that reports. */
export interface FleetInstance {
  readonly id: string
  /** Who reported last. */
  client: FleetClient
  readonly liveness: Liveness
  heardAt: number
  report: StatusReport
  /** Since when a bundle has the error that it has, by the OPA's own name for it. */
  readonly failingSince: Map<string, number>
}

export function fleetInstance(id: string, client: FleetClient, report: StatusReport, now: () => number): FleetInstance {
  return { id, client, liveness: liveness(now), heardAt: now(), report, failingSince: new Map() }
}

/** Takes note of a report. */
export function noteReport(instance: FleetInstance, client: FleetClient, report: StatusReport, at: number): void {
  instance.client = client
  instance.liveness.heard()
  instance.heardAt = at
  instance.report = report
  for (const { name, error } of report.bundles) {
    if (error) instance.failingSince.set(name, at)
    else instance.failingSince.delete(name)
  }
}
