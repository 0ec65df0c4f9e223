import type { AuthorizationRequest } from "../model/decision.js"
import type { Profile } from "../pdp/index.js"

/** A shell line that asks for one decision by HTTP. */
export function curlLine(url: string, profile: Profile, { principal, method, path }: AuthorizationRequest): string {
  const input = { principal_id: principal.id, ...(principal.scopes && { scopes: principal.scopes }), method, path }
  const asService = profile === "nemo" ? " -H 'X-NMP-Principal-Id: service:me'" : ""
  return `curl -sw '\\n' ${url}/apis/auth/v2/authz/allow -H 'Content-Type: application/json'${asService} -d ${quoted(JSON.stringify({ input }))}`
}

/** A text as one word of a shell line. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
