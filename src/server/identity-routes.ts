import type { Caller } from "../authn/index.js"
import { PdpError } from "../errors.js"
import { refusedResponse } from "./administration-refusal.js"
import type { ServerContext } from "./context.js"
import type { App, AppContext } from "./hono-app.js"
import { json } from "./json.js"
import { credentialsOf } from "./trust.js"
import { wrongMethod } from "./wrong-method.js"

/** Adds `/apis/auth/discovery` (how to log in) and `/apis/auth/authenticate` (who am I). */
export function addIdentityRoutes(context: ServerContext, app: App): void {
  app.get(discoveryPath, async (c) => json(200, await context.discovery.read(() => context.work.pause(c.env.outgoing))))
  app.all(discoveryPath, (c) => wrongMethod(context, c, "GET, HEAD"))
  app.on(["GET", "POST"], authenticatePath, (c) => whoAmI(context, c))
  app.all(authenticatePath, (c) => wrongMethod(context, c, "GET, HEAD, POST"))
}

const discoveryPath = "/apis/auth/discovery"
const authenticatePath = "/apis/auth/authenticate"

async function whoAmI(context: ServerContext, c: AppContext): Promise<Response> {
  try {
    const caller = await context.authenticate(credentialsOf(context, c.env))
    if (caller.proof === "none")
      throw new PdpError(
        "ERR_UNAUTHENTICATED",
        `no credentials came; send a bearer token, or ${context.headerPrefix}Principal-Id from a trusted peer`,
        {
          reason: "no_credentials",
        },
      )
    return json(200, callerAnswer(caller))
  } catch (thrown) {
    return refusedResponse(context, authenticatePath, c, thrown)
  }
}

/** `principal` is what a role binding must name; `scopes` null means that the caller is not restricted. */
function callerAnswer({ principal, proof, dropped }: Caller): unknown {
  const { kind, id, email, groups, scopes, onBehalfOf } = principal
  return {
    principal: kind === "service" ? `service:${id}` : id,
    kind: kind ?? "person",
    id,
    email: email ?? null,
    groups: groups ?? [],
    scopes: scopes ?? null,
    on_behalf_of: onBehalfOf?.id ?? null,
    on_behalf_of_email: onBehalfOf?.email ?? null,
    on_behalf_of_groups: onBehalfOf?.groups ?? [],
    proof,
    dropped,
  }
}
