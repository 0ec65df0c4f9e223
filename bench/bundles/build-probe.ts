import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { bundleSet, bundleSigner, generateSigningKey } from "../../src/bundle/index.js"
import { createPdp, memorySource } from "../../src/index.js"
import { authorizationData } from "../clone.js"
import { newcomer } from "../newcomer.js"
import { watchStalls } from "../stall.js"
import { bindingsOf } from "../world.js"
import { inParts } from "./bundle-names.js"

const settleMs = 1_000

/**
 * `build-probe SIZE FOLDER`: builds signed bundles of so many bindings, and prints what that takes. Leaves in the folder: `before.tar.gz`; the same with one
 * grant more, `after.tar.gz`; and the public key of both.
 */
const [size, folder = ""] = process.argv.slice(2)
const source = memorySource(bindingsOf(Number(size)))
const pdp = await createPdp({ authorizationData, source })
const { publicKeyPem, privateKeyPem } = await generateSigningKey("ES256")
const set = bundleSet(pdp, { signer: bundleSigner({ privateKeyPem }) })
globalThis.gc?.()
await pause(settleMs)
const idle = await measured(() => pause(settleMs))
const first = await measured(() => set.current("authz"))
writeFileSync(join(folder, "before.tar.gz"), (await set.current("authz")).bytes)
await measured(partsBuilt)
const again = await changed(() => set.current("authz"))
writeFileSync(join(folder, "after.tar.gz"), (await set.current("authz")).bytes)
writeFileSync(join(folder, "key.pem"), publicKeyPem)
const apart = await changed(partsBuilt, 1)
const megabytes = (await set.current("authz")).bytes.length / 1e6
process.stdout.write(JSON.stringify({ idle, first, again, apart, megabytes }))
process.exit(0)

async function partsBuilt(): Promise<void> {
  for (const name of inParts(16)) await set.current(name)
}

async function changed(build: () => Promise<unknown>, at = 0): ReturnType<typeof measured> {
  source.add(newcomer(at))
  await pdp.refresh()
  return measured(build)
}

async function measured(work: () => Promise<unknown>): Promise<{ readonly ms: number; readonly stallMs: number }> {
  const stopWatching = watchStalls()
  const startedAt = performance.now()
  await work()
  const ms = performance.now() - startedAt
  return { ms, stallMs: await stopWatching() }
}
