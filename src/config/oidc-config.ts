import { z } from "zod"
import { EndpointUrl, IssuerUrl } from "./web-address.js"

const claim = z.string().min(1).max(256)

/** A scope-token of RFC 6749, section 3.3. */
const scopeToken = String.raw`[\x21\x23-\x5b\x5d-\x7e]+`

const ScopePrefix = z
  .string()
  .max(256)
  .regex(new RegExp(`^${scopeToken}$`), "is no beginning of a scope: no spaces, quotes, backslashes; write one such as api://portcullis/")

const EmailDomains = z.array(
  z.string().superRefine((text, context) => {
    const problem = domainProblem(text)
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem })
  }),
)

/** An issuer besides the first, with names of its own. */
export const AdditionalIssuer = z.strictObject({
  issuer: IssuerUrl.meta({ description: "The `iss` of its tokens, exactly.", takes: "https URL" }),
  audience: claim.optional().describe("What `aud` must contain. Without it and `client_id`: both as of the first issuer."),
  client_id: claim.optional().describe("Takes the place of `audience` when that is not there."),
  jwks_uri: EndpointUrl.optional().meta({ description: "Where its keys are. Without it: what its discovery document names.", takes: "https URL" }),
  email_claim: claim.optional().describe("Without it: as of the first issuer."),
  groups_claim: claim.optional().describe("Without it: as of the first issuer."),
  subject_claim: claim.optional().describe("Without it: as of the first issuer."),
  scope_prefix: ScopePrefix.optional().describe("Without it: as of the first issuer."),
  email_domains: EmailDomains.optional().describe("Domains whose e-mail addresses it vouches for. Without it: none."),
})

/** The OpenID providers whose tokens are believed, and how people log in. */
export const OidcConfig = z.strictObject({
  enabled: z.boolean().optional().describe("Verify bearer tokens of the issuers. Without it: when an issuer is set."),
  issuer: IssuerUrl.optional().meta({ description: "The `iss` of tokens, exactly; people log in there.", takes: "https URL" }),
  additional_issuers: z
    .array(z.union([IssuerUrl, AdditionalIssuer]))
    .default([])
    .meta({
      description:
        "Further issuers, each with its own keys: its URL, or an object with the members below. A URL alone shares audience, client and claim names of the first issuer.",
      takes: "list of https URLs or objects",
    }),
  client_id: claim.optional().describe("The client with which people log in. It is the audience, too, when none is set."),
  audience: claim.optional().describe("What `aud` of a token must contain. Without it: `auth.oidc.client_id`; one of the two must be set."),
  jwks_uri: EndpointUrl.optional().meta({
    description: "Where the keys of `auth.oidc.issuer` are. Without it: what its discovery document names.",
    takes: "https URL",
  }),
  authorization_endpoint: endpoint("authorization_endpoint"),
  token_endpoint: endpoint("token_endpoint"),
  device_authorization_endpoint: endpoint("device_authorization_endpoint"),
  userinfo_endpoint: endpoint("userinfo_endpoint"),
  email_claim: claim.default("email").describe("The claim with the e-mail address, for example `upn`."),
  groups_claim: claim
    .default("groups")
    .describe("The claim with the groups: a list, or a text with commas or spaces; dots lead into objects (`realm_access.roles`)."),
  subject_claim: claim.default("sub").describe("The claim that is the principal's id; `sub` where a token has no such claim."),
  default_scopes: z
    .string()
    .max(4_096)
    .regex(new RegExp(`^${scopeToken}(?: ${scopeToken})*$`), "is no list of scopes, each separated from the next by one space")
    .optional()
    .describe(
      "The scopes that a login asks for. Without it: `openid profile email offline_access platform:read platform:write`, in the nemo profile the first four.",
    ),
  scope_prefix: ScopePrefix.optional().describe(
    "Put before scopes that a login asks for, and taken off those of a token: `api://<client id>/` with Azure AD.",
  ),
  email_domains: EmailDomains.optional().describe(
    "Domains whose e-mail addresses `auth.oidc.issuer` vouches for. Without it: all, as long as it is the only issuer.",
  ),
  discovery_cache_ttl: z
    .int()
    .min(0)
    .max(86_400)
    .default(300)
    .describe("Seconds for which `/apis/auth/discovery` keeps what the provider says; 0: it is asked each time."),
  jwks_cache_seconds: z
    .int()
    .min(1)
    .max(604_800)
    .default(3_600)
    .describe("Seconds for which keys are kept. They are used longer when the issuer cannot be asked."),
  jwks_cooldown_seconds: z.int().min(1).max(3_600).default(5).describe("An unknown key makes an issuer be asked, once in so many seconds."),
  leeway_seconds: z.int().min(0).max(600).default(60).describe("By how much clocks may differ."),
  allowed_hosts: z
    .array(z.string().regex(/^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])$/i, "is no host name without port"))
    .default([])
    .describe("Hosts from which discovery documents and keys may come, without port. Empty: any."),
})
export type OidcConfig = Readonly<z.infer<typeof OidcConfig>>

function endpoint(name: string) {
  return EndpointUrl.optional().meta({
    description: `Told to those who log in as \`${name}\`. Without it: what the provider's discovery document names.`,
    takes: "https URL",
  })
}

function domainProblem(text: string): string | undefined {
  if (text.includes("@")) return `is an address; write the domain alone: ${text.slice(text.lastIndexOf("@") + 1) || "example.com"}`
  if (text.includes("*")) return "has a wildcard; list each domain"
  return /^[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*$/u.test(text) ? undefined : "is no domain; write one such as example.com"
}
