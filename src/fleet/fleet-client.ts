/** Who fetches bundles and reports, as far as a request tells. */
export interface FleetClient {
  /** The name of the token or principal that it proved to be; members are counted by it. */
  readonly who: string
  readonly address: string
  readonly userAgent: string
}

/** Tells one client from another. Several OPAs at one address with one token are one client. */
export function clientKey({ who, address, userAgent }: FleetClient): string {
  return JSON.stringify([who, address, userAgent])
}
