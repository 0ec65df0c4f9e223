import { once } from "node:events"
import { createServer } from "node:http"
import { devicePage } from "./device-page.mjs"
import { freshKeys } from "./keys.mjs"
import { loadOidcProvider } from "./oidc-provider.mjs"
import { makeProvider } from "./provider.mjs"
import { memoryStorage } from "./storage.mjs"

/** Starts the IdP on 127.0.0.1; see idp.d.mts. */
export async function startIdp(options = {}) {
  await loadOidcProvider()
  const server = createServer()
  await once(server.listen(options.port ?? 0, "127.0.0.1"), "listening")
  const { port } = server.address()
  const issuer = `http://127.0.0.1:${port}`
  const intervalSeconds = options.intervalSeconds ?? 5
  const settings = {
    issuer,
    storage: memoryStorage(),
    scopePrefix: options.scopePrefix ?? "",
    accessTokenTtl: options.accessTokenSeconds ?? 3600,
    deviceCodeTtl: options.deviceCodeSeconds ?? 600,
    intervalSeconds,
    isTooSoon: options.isTooSoon ?? ((milliseconds) => milliseconds < intervalSeconds * 1000 - 250),
    granted: options.granted ?? ((scopes) => scopes),
  }
  const page = devicePage(settings)
  const current = { keys: [], provider: undefined, callback: undefined }
  const rotateKeys = async ({ keepOld = true } = {}) => {
    const fresh = await freshKeys()
    const keys = [...fresh, ...(keepOld ? current.keys : [])]
    const alg = options.algorithm ?? "RS256"
    const signing = { alg, kid: fresh.find((key) => key.alg === alg).kid }
    const provider = await makeProvider({ ...settings, jwks: keys, signing })
    Object.assign(current, { keys, provider, callback: provider.callback() })
  }
  const answer = async (request, response) => {
    if (options.before?.(request, response)) return
    const { pathname } = new URL(request.url, issuer)
    if (pathname === "/device" && ["GET", "POST"].includes(request.method)) return page(current.provider, request, response)
    return current.callback(request, response)
  }
  const started = rotateKeys()
  // It listens already, since its issuer holds the port: who asks before there are keys waits for them.
  server.on("request", (request, response) => {
    started
      .then(() => answer(request, response))
      .catch((error) => {
        console.error("idp:", error)
        response.writeHead(500).end()
      })
  })
  await started
  return {
    issuer,
    port,
    rotateKeys,
    signingKeys: () => current.keys,
    expire: settings.storage.expire,
    goDown: () => closed(server),
    comeBack: async () => void (await once(server.listen(port, "127.0.0.1"), "listening")),
    stop: () => closed(server),
  }
}

async function closed(server) {
  if (!server.listening) return
  const closing = once(server, "close")
  server.close()
  server.closeAllConnections()
  await closing
}
