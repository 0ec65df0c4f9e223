import { isCanonicalPath, pathOf } from "../model/canonical-path.js"
import type { GatewayName } from "./gateway.js"

/**
 * True when the path that a gateway asks about is the one that the service behind it gets, and all read it alike.
 *
 * Envoy writes `!` for each byte that is no UTF-8, which clients can send by HTTP/2, and passes on the byte itself: so behind Envoy no path with `!` is clear.
 *
 * @param target with or without query
 */
export function isClearPath(gateway: GatewayName, target: string): boolean {
  const path = pathOf(target)
  return isCanonicalPath(path) && !(writesMarks.has(gateway) && path.includes("!"))
}

const writesMarks: ReadonlySet<GatewayName> = new Set(["envoy", "envoy_grpc"])
