import { exportJWK, generateKeyPair, SignJWT } from "jose"
import { createServer } from "node:http"

/** An issuer on this machine. */
export interface BenchIssuer {
  readonly url: string
  /** A signed token (RS256, as most providers sign) that lives for an hour. */
  token(id: string): Promise<string>
  stop(): void
}

/** Starts an issuer with one key. @param audience of its tokens */
export async function startIssuer(audience: string): Promise<BenchIssuer> {
  const { privateKey, publicKey } = await generateKeyPair("RS256")
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "RS256", use: "sig" }] })
  const server = createServer((request, response) => {
    const document = request.url === "/jwks" ? keys : JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks` })
    response.writeHead(200, { "Content-Type": "application/json" }).end(document)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
  return {
    url,
    token: (id) =>
      new SignJWT({ email: id, scope: "openid platform:read platform:write" })
        .setProtectedHeader({ alg: "RS256", kid: "1", typ: "at+jwt" })
        .setIssuer(url)
        .setAudience(audience)
        .setSubject(id)
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey),
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
