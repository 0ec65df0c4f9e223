import { copyFileSync, readFileSync, renameSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { createPdp, fileBundle, type Pdp } from "../../src/index.js"
import { newcomer, questionAbout } from "../newcomer.js"
import { watchStalls } from "../stall.js"

const settleMs = 1_000
const memoryLimitMb = 1_024

/**
 * `activation-probe own|wasm FOLDER`: lets `before.tar.gz` of that folder decide, then `after.tar.gz`, which allows the first newcomer, too. Prints what each
 * takes. `key.pem`, when it is there, must have signed them.
 */
const [kind = "", folder = ""] = process.argv.slice(2)
const file = join(folder, "active.tar.gz")
copyFileSync(join(folder, "before.tar.gz"), file)
globalThis.gc?.()
const before = process.memoryUsage().rss
let pdp: Pdp | undefined
const first = await measured(async () => (pdp = await createPdp({ bundle: fileBundle({ path: file, ...verification() }), memoryLimitMb })))
if (!pdp?.status().ready || isAllowed(pdp))
  throw new Error(`the bundle before the change does not decide as it should: ${JSON.stringify(pdp?.status())}`)
globalThis.gc?.()
await pause(settleMs)
const addedMb = (process.memoryUsage().rss - before) / 1e6
copyFileSync(join(folder, "after.tar.gz"), `${file}.next`)
const deciding = pdp
const next = await measured(() => {
  renameSync(`${file}.next`, file)
  return deciding.refresh()
})
if (!isAllowed(deciding)) throw new Error("the bundle after the change does not decide as it should")
process.stdout.write(JSON.stringify({ first, next, addedMb }))
process.exit(0)

function verification(): object {
  if (kind === "wasm") return {}
  return { verify: { keys: { bench: { algorithm: "ES256", publicKeyPem: readFileSync(join(folder, "key.pem"), "utf8") } }, keyId: "bench" } }
}

function isAllowed(asked: Pdp): boolean {
  const { principal } = newcomer(0)
  if (kind === "own") return asked.authorize(questionAbout(newcomer(0))).allowed
  return asked.evaluate("todo/allow", { principal, action: "read", todo: { id: 1, owner: "ann" } }) === true
}

async function measured(work: () => Promise<unknown>): Promise<{ readonly ms: number; readonly stallMs: number }> {
  const stopWatching = watchStalls()
  const startedAt = performance.now()
  await work()
  const ms = performance.now() - startedAt
  return { ms, stallMs: await stopWatching() }
}
