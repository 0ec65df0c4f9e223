import { progress } from "../progress.js"
import type { Row } from "../row.js"
import { arenaOf, type Arena } from "./arena.js"
import { batches } from "./batches.js"
import { cache } from "./cache.js"
import { flatness } from "./flatness.js"
import { rivals } from "./rivals.js"
import { sizes } from "./sizes.js"
import { steadiness } from "./steadiness.js"

/** What a decision costs in process. */
export async function decision(): Promise<readonly Row[]> {
  const rows: Row[] = []
  const [small] = sizes
  const arenas: Arena[] = []
  for (const { size, name } of sizes) {
    progress(`decision: loading ${name} bindings and checking 20,000 answers`)
    const arena = await arenaOf(size)
    if (size === small.size) rows.push(...(await steadiness(arena)))
    arenas.push(arena)
  }
  progress("decision: measuring")
  rows.unshift(...(await flatness(arenas)))
  const [first] = arenas
  if (first) rows.push(...batches(first), ...(await cache(first)))
  for (const [at, { name }] of sizes.entries()) {
    const arena = arenas[at]
    if (!arena) continue
    rows.push(...(await rivals(arena, name)))
    await arena.pdp.close()
  }
  return rows
}
