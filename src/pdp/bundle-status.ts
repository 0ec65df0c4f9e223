import { PdpError } from "../errors.js"

/** How the bundle of a PDP fares. */
export interface BundleStatus {
  readonly source: string
  /** `portcullis`: its data decides by the product's policies; `custom`: the policies in it decide. Like the following, absent before the first one. */
  readonly kind?: "portcullis" | "custom"
  /** How it came: whole, or what was missing of it. */
  readonly type?: "snapshot" | "delta"
  /** In its manifest. */
  readonly revision?: string
  /** What the server gave it. */
  readonly etag?: string
  /** As it travelled, or as the delta did. */
  readonly bytes?: number
  readonly activatedAt?: string
  /** The key that its signature was verified with. */
  readonly signedBy?: string
  /** True while the one kept on disk decides: the place has not answered since the start. */
  readonly fromDisk?: boolean
  /** The server holds questions back until there is another bundle. */
  readonly longPolling: boolean
  /** Why the last look failed. Absent when it did not. */
  readonly lastError?: BundleError
}

/** A look that failed. */
export interface BundleError {
  readonly code: string
  readonly reason?: string
  readonly message: string
  readonly at: string
  /** The server answered with that. */
  readonly httpStatus?: number
}

/** What was thrown, for people and reports. */
export function bundleError(error: Error, atMs: number): BundleError {
  const { code, reason, details } = error instanceof PdpError ? error : { code: "ERR_BUNDLE_INVALID", reason: undefined, details: {} }
  const status: unknown = "httpStatus" in details ? details.httpStatus : undefined
  return {
    code,
    ...(reason !== undefined && { reason }),
    message: error.message,
    at: new Date(atMs).toISOString(),
    ...(typeof status === "number" && { httpStatus: status }),
  }
}
