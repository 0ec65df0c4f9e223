import { messageOf, PdpError } from "../errors.js"

/** What keeps a connection from being made by TLS, and what to do about it. */
export interface TlsProblem {
  readonly problem: string
  readonly remedy: string
}

const unknownAuthority =
  /^(?:SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?|DEPTH_ZERO_SELF_SIGNED_CERT)$/
/** Both Node's codes and OpenSSL's words, which come with `EPROTO`. */
const plainAnswer = /wrong.version.number|packet.length.too.long|http.request/i

/**
 * What an error of Node or OpenSSL means, in a line: a certificate of an authority that is not known here, or a server that speaks plain http.
 *
 * @param thrown by a request, or an error that it is the cause of
 * @returns undefined for anything else
 */
export function tlsProblem(url: string | URL, thrown: unknown): TlsProblem | undefined {
  const { code, text } = faultIn(thrown)
  if (unknownAuthority.test(code))
    return {
      problem: `its certificate is of an authority that is not known here (${code})`,
      remedy: "set NODE_EXTRA_CA_CERTS=ca.crt, the certificate of that authority, where this program starts",
    }
  const { protocol, host } = new URL(url)
  if (protocol !== "https:" || !plainAnswer.test(`${code} ${text}`)) return undefined
  return { problem: "it speaks http and not https", remedy: `write http://${host}` }
}

/** Of an error or of its cause. */
function faultIn(thrown: unknown): { readonly code: string; readonly text: string } {
  if (typeof thrown !== "object" || thrown === null) return { code: "", text: "" }
  if (!(thrown instanceof PdpError) && "code" in thrown && typeof thrown.code === "string") return { code: thrown.code, text: messageOf(thrown) }
  return faultIn("cause" in thrown ? thrown.cause : undefined)
}
