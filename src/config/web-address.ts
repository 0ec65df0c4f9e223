import { z } from "zod"
import { messageOf } from "../errors.js"
import { httpTarget, resolveHost } from "../outgoing/index.js"

/** The exact name of an OpenID provider: an https URL (http on this machine) without query and fragment (OpenID Connect Discovery 1.0, section 3). */
export const IssuerUrl = z
  .string()
  .min(1)
  .max(2_048)
  .superRefine((text, context) => {
    const problem = issuerProblem(text)
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem })
  })

/** An endpoint of an OpenID provider: an https URL (http on this machine) without fragment; a query is fine (RFC 6749, section 3.1). */
export const EndpointUrl = z
  .string()
  .min(1)
  .max(2_048)
  .superRefine((text, context) => {
    const problem = addressProblem(text)
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem })
  })

/** The name of the host in a URL, as `allowed_hosts` lists it: lower case, without port. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : ""
}

function issuerProblem(text: string): string | undefined {
  if (text.includes("?")) return "has a query, which no issuer has; leave out what begins with '?'"
  if (manyTenants.test(text)) return "is Azure's address for all tenants, and no token's issuer; write the id of your tenant in that place"
  if (text.endsWith("/.well-known/openid-configuration")) return "is the discovery document; write what stands before /.well-known"
  return addressProblem(text)
}

const manyTenants = /^https:\/\/login\.microsoftonline\.com\/(?:common|organizations|consumers|\{[^/]*\})(?:\/|$)/i

function addressProblem(text: string): string | undefined {
  if (/\s/.test(text)) return "holds a space; leave it out"
  if (text.includes("#")) return "has a fragment; leave out what begins with '#'"
  if (URL.canParse(text) && `${new URL(text).username}${new URL(text).password}` !== "") return "holds a name or password; leave it out"
  try {
    httpTarget(text, resolveHost)
    return undefined
  } catch (thrown) {
    return messageOf(thrown)
  }
}
