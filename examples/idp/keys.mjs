import { exportJWK, generateKeyPair } from "jose"

/** The algorithms that the IdP has a key for. */
export const algorithms = ["RS256", "ES256"]

let made = 0

/** A fresh private key for each algorithm, as JWKs. */
export function freshKeys() {
  return Promise.all(
    algorithms.map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true })
      made += 1
      return { ...(await exportJWK(privateKey)), alg, use: "sig", kid: `${alg.toLowerCase()}-${Date.now()}-${made}` }
    }),
  )
}
