import { administered, administrator, workspace } from "./administered.js"
import { newcomer } from "../newcomer.js"
import { sourceAt } from "./place.js"

/** `writes-probe KIND PLACE ROUNDS`: grants for a second a round, by one caller and by sixteen, and prints how many were answered a second. */
const [kind = "", place = "", rounds] = process.argv.slice(2)
const source = sourceAt(kind, place)
const { pdp, administration } = await administered(source)
const roundMs = 1_000
let next = 0
await source.database.write(async (transaction) => {
  await transaction.all("CREATE TABLE portcullis_bench (count BIGINT NOT NULL)")
  await transaction.all("INSERT INTO portcullis_bench (count) VALUES (0)")
})
await perSecond(16, grant)
globalThis.gc?.()
const beforeMb = process.memoryUsage.rss() / 1e6
const first = next
const one: number[] = []
const sixteen: number[] = []
const bare: number[] = []
for (let round = 0; round < Number(rounds); round++) {
  one.push(await perSecond(1, grant))
  sixteen.push(await perSecond(16, grant))
  bare.push(await perSecond(1, smallestWrite))
}
globalThis.gc?.()
const afterMb = process.memoryUsage.rss() / 1e6
process.stdout.write(JSON.stringify({ one, sixteen, bare, beforeMb, afterMb, grants: next - first, bindings: pdp.status().bindings }))
process.exit(0)

async function grant(): Promise<void> {
  const { principal, role } = newcomer(next++, workspace)
  await administration.members.create(administrator, workspace, { principal, roles: [role] })
}

/** One row and one commit. */
async function smallestWrite(): Promise<void> {
  await source.database.write((transaction) => transaction.all("UPDATE portcullis_bench SET count = count + 1"))
}

async function perSecond(callers: number, write: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  let count = 0
  const call = async (): Promise<void> => {
    while (performance.now() - startedAt < roundMs) {
      await write()
      count++
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
  return (count * 1_000) / (performance.now() - startedAt)
}
