import { failed, listed, quoted, type Finding } from "./finding.js"

/** The token is for somebody else. @param named its `aud` @param due undefined: only the sidecar knows */
export function audienceMismatch(named: unknown, due: string | undefined): Finding {
  const request = due === undefined ? "request a token for this API" : `request a token for ${quoted(due)}`
  const remedy =
    typeof named === "string"
      ? `set auth.oidc.audience to ${quoted(named)}, or ${request}`
      : Array.isArray(named)
        ? `set auth.oidc.audience to one of these, or ${request}`
        : `${request}, or see what auth.oidc.audience is`
  return failed("audience", `audience_mismatch: aud is ${shown(named)}, due is ${due === undefined ? "another one" : quoted(due)}`, remedy)
}

/** The token is of somebody else. @param named its `iss` @param known the configured issuers, as far as they are known */
export function issuerMismatch(named: unknown, known: readonly string[]): Finding {
  const near = known.find((issuer) => typeof named === "string" && alike(issuer) === alike(named))
  const detail = `issuer_mismatch: iss is ${shown(named)}, due is ${listed(near === undefined ? known : [near]) || "another one"}`
  if (typeof named !== "string") return failed("issuer", detail, `get a token from ${listed(known) || "the configured issuer"}`)
  const set = `set auth.oidc.issuer to ${quoted(named)}`
  if (near !== undefined)
    return failed("issuer", `${detail}. They differ in ${differences(near, named)} only, and are compared character by character`, set)
  const get = known.length === 0 ? "get a token from the configured issuer" : `get a token from ${listed(known)}`
  return failed("issuer", detail, `${get}, or ${set}, or list that in auth.oidc.additional_issuers`)
}

function shown(named: unknown): string {
  return named === undefined ? "missing" : quoted(named)
}

/** An issuer without what people get wrong. */
function alike(issuer: string): string {
  return issuer
    .toLowerCase()
    .replace(/^https?:/, "")
    .replace(/\/+$/, "")
}

function differences(configured: string, named: string): string {
  const [scheme, otherScheme] = [configured, named].map((issuer) => issuer.split(":")[0]?.toLowerCase())
  const [slash, otherSlash] = [configured, named].map((issuer) => issuer.endsWith("/"))
  const found = [...(scheme === otherScheme ? [] : ["http and https"]), ...(slash === otherSlash ? [] : ["the slash at the end"])]
  return found.length > 0 ? found.join(" and ") : "upper and lower case"
}
