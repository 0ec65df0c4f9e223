import { PdpError } from "../errors.js"

/** How much one question may hold. */
export interface InputCaps {
  readonly textLength: number
  readonly pathSegments: number
  /** Permissions, and scopes. */
  readonly items: number
}

/** For principals and requests: what the sidecar allows by default. */
export const questionCaps: InputCaps = { textLength: 8_192, pathSegments: 256, items: 256 }

/** For inputs that callers write themselves: what the sidecar can be made to allow. */
export const rawCaps: InputCaps = { textLength: 65_536, pathSegments: 4_096, items: 4_096 }

/** @throws {PdpError} `ERR_INPUT_INVALID` when there are more */
export function assertCount(name: string, count: number, unit: string, most: number): void {
  if (count > most) throw new PdpError("ERR_INPUT_INVALID", `${name} has ${count} ${unit}; pass at most ${most}`)
}
