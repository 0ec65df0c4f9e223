import { deviceLogin, requestedScopes, type LoginProvider } from "../login/index.js"
import { failedBy, passed, quoted, unchecked, type Finding } from "./finding.js"
import type { ProviderHooks } from "./identity-provider.js"

/** Would the identity provider let the client log in by device flow, with the scopes that it is to ask for? Begins a login that nobody finishes. @param isReachable false: its discovery document cannot be read, or is of another issuer */
export async function checkDeviceFlow(provider: LoginProvider | undefined, isReachable: boolean, { now, resolve }: ProviderHooks): Promise<Finding> {
  if (!provider) return unchecked("device flow", "how to log in is not known")
  if (!isReachable) return unchecked("device flow", "see discovery")
  if (provider.deviceAuthorizationEndpoint === undefined)
    return unchecked("device flow", `${quoted(provider.issuer)} names no device_authorization_endpoint`, withoutEndpoint)
  const asFarAsTheCode = new Error("the identity provider has given a code")
  const pause = () => Promise.reject(asFarAsTheCode)
  try {
    await deviceLogin(provider, requestedScopes(provider), { onCode: () => undefined, pause, now, ...(resolve && { resolve }), timeoutMs: 10_000 })
  } catch (thrown) {
    if (thrown !== asFarAsTheCode) return failedBy("device flow", thrown)
  }
  return passed("device flow", `client ${quoted(provider.clientId)} may log in by it, with the scopes ${requestedScopes(provider).join(" ")}`)
}

const withoutEndpoint = "set auth.oidc.device_authorization_endpoint, or log in with --username"
