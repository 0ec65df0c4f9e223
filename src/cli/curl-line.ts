import type { AuthorizationRequest } from "../model/decision.js"
import type { Profile } from "../pdp/index.js"

/** The sidecar that a shell line asks. */
export interface CurlTarget {
  /** `http://127.0.0.1:8181`, or `unix:` and the path of a socket. */
  readonly url: string
  readonly profile: Profile
  /** What the names of the principal headers begin with. */
  readonly headerPrefix: string
}

/** A shell line that asks for one decision by HTTP. */
export function curlLine(target: CurlTarget, { principal, method, path }: AuthorizationRequest): string {
  const input = { principal_id: principal.id, ...(principal.scopes && { scopes: principal.scopes }), method, path }
  const asService = target.profile === "nemo" ? ` -H ${principalHeader(target, "service:me")}` : ""
  return `curl -sw '\\n' ${curlUrl(target)}/apis/auth/v2/authz/allow -H 'Content-Type: application/json'${asService} -d ${quoted(JSON.stringify({ input }))}`
}

/** How curl is told whom to ask; a path follows. */
export function curlUrl({ url }: CurlTarget): string {
  return url.startsWith("unix:") ? `--unix-socket ${quoted(url.slice("unix:".length))} http://localhost` : url
}

/** The header that names a principal, as one word of a shell line. */
export function principalHeader({ headerPrefix }: CurlTarget, id: string): string {
  return quoted(`${headerPrefix}Principal-Id: ${id}`)
}

/** A text as one word of a shell line. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
