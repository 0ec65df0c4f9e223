import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createPdp, fileSource } from "../../src/index.js"
import { portcullis, type ExpressMiddleware, type ExpressRequest } from "../../src/middleware/express.js"

/** A server that answers `{}`, behind the middleware or without. Prints where it listens. Arguments: mode, issuer, audience, authorization data, bindings. */
const [mode = "open", issuer = "", audience = "", authorizationData = "", bindings = ""] = process.argv.slice(2)
const admit = mode === "open" ? undefined : await middleware()

const server = createServer((request, response) => {
  if (!admit) return answer(response)
  admit(Object.assign(request, { method: request.method ?? "", originalUrl: request.url ?? "" }), response, () => answer(response))
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (address !== null && typeof address !== "string") process.stdout.write(`listens on http://127.0.0.1:${address.port}\n`)
})
process.once("SIGTERM", () => process.exit(0))

function answer(response: ServerResponse<IncomingMessage>): void {
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": 2 })
  response.end("{}")
}

async function middleware(): Promise<ExpressMiddleware<ExpressRequest>> {
  const pdp = await createPdp({ authorizationData, source: fileSource({ path: bindings }) })
  if (mode === "headers") return portcullis({ pdp, peers: { trustedPeers: ["loopback"] } })
  return portcullis({ pdp, authentication: { issuers: [{ issuer, audience }], tokenCacheEntries: mode === "verified" ? 0 : 10_000 } })
}
