import { messageOf } from "../errors.js"
import { httpTarget, resolveHost } from "../outgoing/index.js"
import type { Flaw } from "./flaw.js"
import type { Config } from "./schema.js"
import { storeKind } from "./store-config.js"

/** Addresses that nothing is asked of: no https URL, nor http on this machine. What may be secret in them is not shown. */
export function addressFlaws({ bundle_source: bundle, decision_log: log, store }: Config): readonly Flaw[] {
  const addresses: readonly (readonly [key: string, url: string | undefined])[] = [
    ["bundle_source.url", bundle.url],
    ["bundle_source.status_url", bundle.status_url],
    ["decision_log.http.url", log.http.url],
    ["store.url", storeKind(store, true) === "http" ? store.url : undefined],
  ]
  return addresses.flatMap(([key, url]) => (url === undefined ? [] : flawsOf(key, url)))
}

function flawsOf(key: string, url: string): readonly Flaw[] {
  try {
    httpTarget(url, resolveHost)
    return []
  } catch (thrown) {
    return [{ key, problem: `is no address to use: ${messageOf(thrown)}` }]
  }
}
