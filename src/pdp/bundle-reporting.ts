import { packageVersion } from "../model/package-version.js"
import { keptAlive } from "../model/timers.js"
import type { BundleReports, Surroundings } from "./bundle-feed.js"
import type { BundleStatus } from "./bundle-status.js"

/** What is reported of a bundle besides its status. */
export interface BundleTimes {
  readonly lastRequest?: string
  readonly lastSuccess?: string
}

/** Posts the state, one report at a time and always the newest. */
export interface BundleReporting {
  report(status: BundleStatus, times: BundleTimes): void
  stop(): Promise<void>
}

/**
 * @param failed the first of failures in a row; must not throw
 * @see https://www.openpolicyagent.org/docs/management-status
 */
export function bundleReporting(
  reports: BundleReports | undefined,
  { timers }: Pick<Surroundings, "timers">,
  failed: (error: Error) => void,
): BundleReporting {
  const ending = new AbortController()
  let next: object | undefined
  let posting: Promise<void> | undefined
  let isFailing = false
  const post = async (to: BundleReports): Promise<void> => {
    while (next && !ending.signal.aborted) {
      const report = next
      next = undefined
      try {
        await to.post(report, ending.signal)
        isFailing = false
      } catch (thrown) {
        if (!isFailing && !ending.signal.aborted) failed(thrown instanceof Error ? thrown : new Error(String(thrown)))
        isFailing = true
      }
    }
  }
  return {
    report: (status, times) => {
      if (!reports || ending.signal.aborted) return
      next = reportOf(reports, status, times)
      posting ??= post(reports).finally(() => (posting = undefined))
    },
    stop: async () => {
      // What became of the last bundle is worth a moment.
      const cancel = timers.after(lastReportMs, () => ending.abort())
      if (posting) await keptAlive(posting)
      cancel()
      ending.abort()
    },
  }
}

const lastReportMs = 1_000

function reportOf({ bundle, labels }: BundleReports, { type, revision, bytes, activatedAt, lastError }: BundleStatus, times: BundleTimes): object {
  return {
    labels: { version: packageVersion(), ...labels },
    bundles: {
      [bundle]: {
        name: bundle,
        ...(revision !== undefined && { active_revision: revision, type, size: bytes, last_successful_activation: activatedAt }),
        ...(times.lastSuccess !== undefined && { last_successful_download: times.lastSuccess, last_successful_request: times.lastSuccess }),
        ...(times.lastRequest !== undefined && { last_request: times.lastRequest }),
        ...(lastError && {
          code: "bundle_error",
          message: lastError.message,
          ...(lastError.httpStatus !== undefined && { http_code: String(lastError.httpStatus) }),
        }),
      },
    },
    plugins: { bundle: { state: revision === undefined ? "NOT_READY" : "OK" }, status: { state: "OK" } },
  }
}
