import { readFileSync } from "node:fs"
import { bundleSigner } from "../../src/bundle/index.js"
import { createPdp, memorySource } from "../../src/index.js"
import { startServer } from "../../src/server/index.js"
import { authorizationData } from "../clone.js"
import { newcomer } from "../newcomer.js"
import { monotonicMs } from "../propagation/monotonic.js"
import { bindingsOf } from "../world.js"
import { Grant, type Published } from "./publisher-messages.js"

/** `publisher SIZE PARTS [KEY]`: serves bundles of so many bindings, signed with the key in that file, and grants what its parent tells it to. */
const [size, parts, keyFile] = process.argv.slice(2)
const source = memorySource(bindingsOf(Number(size)))
const pdp = await createPdp({ authorizationData, source })
const server = await startServer({
  pdp,
  listen: { host: "127.0.0.1", port: 0 },
  bundles: {
    bindingBundles: Number(parts),
    ...(keyFile !== undefined && { signer: bundleSigner({ privateKeyPem: readFileSync(keyFile, "utf8") }) }),
  },
})
process.on("message", (message) => {
  const granted = newcomer(Grant.parse(message).newcomer)
  const atMs = monotonicMs()
  source.add(granted)
  tell({ kind: "granted", atMs })
})
process.on("disconnect", () => process.exit(0))
tell({ kind: "ready", url: server.url })

function tell(news: Published): void {
  process.send?.(news)
}
