import type { HttpBindings } from "@hono/node-server"
import type { IncomingMessage } from "node:http"
import { PdpError } from "../errors.js"
import type { FleetClient, TokenUse } from "../fleet/index.js"
import { assertMayFetchBundles } from "./bundle-right.js"
import type { ServerContext } from "./context.js"
import { checkPeer, credentialsOf } from "./trust.js"

/**
 * Who may fetch a bundle: who has a bundle token for it, or holds `iam.bundle.read`. Where there are no roles to give such a right (a policy of
 * your own), trusted peers may.
 *
 * @throws {PdpError} `ERR_UNAUTHENTICATED`, `ERR_DENIED`
 */
export async function bundleClient(context: ServerContext, exchanged: HttpBindings, name: string): Promise<FleetClient> {
  return tokenClient(context, exchanged.incoming, "bundle", name) ?? permittedClient(context, exchanged)
}

/**
 * Who may report what an OPA runs and decides: who has a bundle token for that, trusted peers, and who may fetch bundles.
 *
 * @throws {PdpError} `ERR_UNAUTHENTICATED`, `ERR_DENIED`
 */
export async function reportingClient(context: ServerContext, exchanged: HttpBindings, use: "status" | "logs"): Promise<FleetClient> {
  const { incoming } = exchanged
  const byToken = tokenClient(context, incoming, use)
  if (byToken) return byToken
  if (context.trustOf(incoming) === "none") return permittedClient(context, exchanged)
  try {
    return await permittedClient(context, exchanged)
  } catch (thrown) {
    if (!(thrown instanceof PdpError)) throw thrown
    return { who: "trusted peer", ...placeOf(incoming) }
  }
}

/** The same right without a token, for people. @param assertMay asks the policy @throws {PdpError} `ERR_UNAUTHENTICATED`, `ERR_DENIED` */
export async function permittedClient(context: ServerContext, exchanged: HttpBindings, assertMay = assertMayFetchBundles): Promise<FleetClient> {
  const { incoming } = exchanged
  if (!context.distribution.hasRoles()) {
    const untrusted = checkPeer(context, incoming)
    if (untrusted) throw new PdpError("ERR_DENIED", untrusted.message, { reason: untrusted.code })
    return { who: "trusted peer", ...placeOf(incoming) }
  }
  const { principal, proof } = await context.authenticate(credentialsOf(context, exchanged))
  if (proof === "none")
    throw new PdpError("ERR_UNAUTHENTICATED", `bundles hold every role binding; ${credentialsRemedy(context)}`, { reason: "no_credentials" })
  assertMay(context.pdp, principal)
  return { who: principal.kind === "service" ? `service:${principal.id}` : principal.id, ...placeOf(incoming) }
}

/** @throws {PdpError} `ERR_DENIED` for a bundle token that is for something else */
function tokenClient({ distribution }: ServerContext, request: IncomingMessage, use: TokenUse, bundle?: string): FleetClient | undefined {
  const token = distribution.tokens.find(request)
  if (!token) return undefined
  if (!token.allow.has(use)) throw notFor(token.name, `allow holds no '${use}'`)
  if (bundle !== undefined && token.bundles && !token.bundles.has(bundle)) throw notFor(token.name, `bundles does not list '${bundle}'`)
  return { who: `token ${token.name}`, ...placeOf(request) }
}

function notFor(name: string, why: string): PdpError {
  return new PdpError("ERR_DENIED", `the bundle token '${name}' is not for this: its ${why}; add it in bundle.tokens`, {
    reason: "token_not_for_this",
  })
}

function placeOf({ socket, headers }: IncomingMessage): Pick<FleetClient, "address" | "userAgent"> {
  return { address: socket.remoteAddress?.replace(/^::ffff:/, "") ?? "unix", userAgent: (headers["user-agent"] ?? "").slice(0, longestAgent) }
}

const longestAgent = 200

function credentialsRemedy({ headerPrefix }: ServerContext): string {
  return `send a bearer token, or ${headerPrefix}Principal-Id from a trusted peer (in OPA's configuration: services.<name>.headers or .credentials.bearer)`
}
