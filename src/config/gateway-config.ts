import { z } from "zod"
import { ShadowRule } from "../gateway/index.js"
import { Listen } from "./listen.js"

/** How gateways are served. */
export const GatewayConfig = z.strictObject({
  allow_cors_preflight: z
    .boolean()
    .default(false)
    .describe(
      "Let CORS preflights pass, which browsers send without credentials, where the method that they ask about is an operation of the authorization data.",
    ),
  decision_key_file: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        "A file with a key of 32 characters or more, or two while they change, one a line: the first signs `X-Portcullis-Decision`, by which services behind a gateway " +
        "know that a request was decided on. Without it they decide themselves. Read again when it changes.",
      path: true,
    }),
  idp_wait_ms: z
    .int()
    .min(1)
    .max(5_000)
    .default(100)
    .describe(
      "How long the question of a gateway waits for an identity provider, in milliseconds: then it is refused with 401 `idp_unavailable`, and the keys are fetched behind it. " +
        "Let it be less than the gateway waits for an answer, which is 200 ms with Envoy unless its configuration says otherwise: an Envoy with `failure_mode_allow` passes on what is not answered in time.",
    ),
  envoy: z.strictObject({
    mode: z
      .enum(["authorize", "authenticate"])
      .default("authorize")
      .describe(
        "What `/apis/auth/ext-authz` does: decide, or `authenticate` as the reference does: only tell who asks, and leave decisions to the services behind.",
      ),
  }),
  envoy_grpc: z.strictObject({
    listen: Listen.optional().meta({
      description:
        "Where Envoy's ext_authz filter asks over gRPC: HOST:PORT, such as 127.0.0.1:9191, or `unix:` and the path of a socket. Beyond loopback with `server.tls` or " +
        "`server.insecure_behind_proxy` only. Without it nobody listens.",
      takes: "HOST:PORT | unix:/PATH",
    }),
    entrypoint: z
      .string()
      .regex(/^[^/]+(?:\/[^/]+)*$/, "is no path of a rule, such as envoy/authz/allow")
      .default("envoy/authz/allow")
      .describe("Of a policy of your own: what it is asked over gRPC, with the input and the decisions of the OPA-Envoy plugin."),
  }),
  shadow: z.array(ShadowRule).default([]).meta({
    description:
      "Shadow mode: where requests pass that would be denied, while that is logged and counted. For `path_prefix` `/` it is everything that the gateway asks about.",
    takes: "list of objects",
  }),
})
export type GatewayConfig = Readonly<z.infer<typeof GatewayConfig>>
