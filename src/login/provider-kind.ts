/** The IdPs whose switches and errors are known by name. */
export type ProviderKind = "azure" | "okta" | "keycloak" | "other"

/** What messages call them. */
export const providerNames = { azure: "Azure AD", okta: "Okta", keycloak: "Keycloak", other: "the IdP" } as const

/** Which IdP an issuer belongs to, by its host, or by its path where people use host names of their own. */
export function providerKind(issuer: string): ProviderKind {
  if (!URL.canParse(issuer)) return "other"
  const { hostname, pathname } = new URL(issuer)
  if (azureHosts.test(hostname)) return "azure"
  if (oktaHosts.test(hostname)) return "okta"
  if (/\/realms\/[^/]+\/?$/.test(pathname)) return "keycloak"
  if (/^\/oauth2\/(?:default|aus[0-9A-Za-z]+)\/?$/.test(pathname)) return "okta"
  return "other"
}

const azureHosts =
  /^(?:login\.microsoftonline\.(?:com|us)|login\.partner\.microsoftonline\.cn|login\.chinacloudapi\.cn|login\.microsoft\.com|login\.windows\.net|sts\.windows\.net|.+\.(?:ciamlogin|b2clogin)\.com)$/
const oktaHosts = /\.(?:okta|oktapreview|okta-emea|okta-gov|okta-devok12|okta-miltest)\.(?:com|mil)$|\.okta\.mil$/
