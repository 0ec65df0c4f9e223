import type { Extent } from "../extent.js"

/** How many bindings something is measured with. */
export interface Size {
  readonly count: number
  /** For the table. */
  readonly name: string
}

const thousand: Size = { count: 1_000, name: "1 k" }
const all: readonly Size[] = [thousand, { count: 100_000, name: "100 k" }, { count: 1_000_000, name: "1 M" }]

/** The sizes that are measured. */
export function sizesOf({ isQuick }: Extent): readonly Size[] {
  return isQuick ? [thousand] : all
}
