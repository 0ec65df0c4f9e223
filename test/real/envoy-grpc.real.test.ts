import { join } from "node:path"
import { request as httpRequest } from "node:http"
import { describe, expect, it, onTestFinished } from "vitest"
import { z } from "zod"
import { makeUpstream } from "../../examples/gateways/upstream.mjs"
import { createPdp } from "../../src/index.js"
import { startServer } from "../../src/server/index.js"
import { gatewayWorld, readable } from "../fixtures/gateway-world.js"
import { realGateway, testedGateways } from "../fixtures/gateways.js"
import { listening } from "../fixtures/listening.js"
import { root } from "../fixtures/sidecar.js"

type Headers = readonly (readonly [name: string, value: string])[]

/** What the service behind saw. */
const Seen = z.object({ method: z.string(), url: z.string(), headers: z.array(z.tuple([z.string(), z.string()])) })

const listen = { host: "127.0.0.1", port: 0 }
const portOf = (url = ""): number => Number(url.split(":").at(-1))

/** The shipped configuration, but that it strips nothing of its clients, and sends bodies. */
function stripsNothing(text: string): string {
  const changed = text
    .replace(/ *early_header_mutation_extensions:[\s\S]*?(?= *common_http_protocol_options:)/, "")
    .replace("headers_with_underscores_action: DROP_HEADER", "headers_with_underscores_action: ALLOW")
    .replace(/( *)grpc_service:/, "$1with_request_body: { max_request_bytes: 64, allow_partial_message: true }\n$1grpc_service:")
  if (changed.length === text.length || /early_header|DROP_HEADER/.test(changed) || !changed.includes("with_request_body"))
    throw new Error("nothing changed")
  return changed
}

async function envoyBefore(sidecar: { readonly url: string; readonly grpc: string }) {
  const upstream = makeUpstream()
  const upstreamPort = portOf(await listening(upstream))
  onTestFinished(() => {
    upstream.closeAllConnections()
    upstream.close()
  })
  const ports = { sidecarPort: portOf(sidecar.url), grpcPort: portOf(sidecar.grpc), upstreamPort }
  const { port } = await realGateway("envoy-grpc", { ...ports, config: stripsNothing })
  return (path: string, headers: Headers = [], body = "") =>
    new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string; seen: z.infer<typeof Seen> | undefined }>(
      (resolve, reject) => {
        const sent = httpRequest(
          { port, host: "127.0.0.1", path, method: body === "" ? "GET" : "POST", headers: ["Host", "shop.example.com", ...headers.flat()] },
          (response) => {
            const chunks: Buffer[] = []
            response.on("data", (chunk: Buffer) => chunks.push(chunk))
            response.on("end", () => {
              const text = Buffer.concat(chunks).toString("utf8")
              const isSeen = response.statusCode === 200 && text.startsWith('{"method"')
              resolve({
                status: response.statusCode ?? 0,
                headers: response.headers,
                body: text,
                seen: isSeen ? Seen.parse(JSON.parse(text)) : undefined,
              })
            })
          },
        )
        sent.on("error", reject)
        sent.end(body)
      },
    )
}

const valuesOf = (seen: z.infer<typeof Seen> | undefined, name: string): readonly string[] =>
  (seen?.headers ?? []).filter(([sent]) => sent.toLowerCase() === name).map(([, value]) => value)

describe.each(testedGateways.filter((kind) => kind === "envoy-grpc"))("an Envoy that strips nothing: %s", () => {
  it("passes on what the sidecar says of who asks, the empty headers too, and nothing that the client says", async () => {
    const world = await gatewayWorld({ envoyGrpc: { listen } })
    const ask = await envoyBefore(world)
    const forged: Headers = [
      ["x-nmp-principal-id", "root"],
      ["X-NMP-Principal-Id", "root2"],
      ["x-nmp-principal-on-behalf-of", "root"],
      ["x_nmp_principal_id", "root"],
      ["x-nmp_authorized", "true"],
      ["x-nmp-other", "1"],
      ["x-portcullis-shadow", "forged"],
      ["x-kept", "yes"],
    ]
    const { status, seen } = await ask(readable, [await world.bearer("ann@example.com"), ...forged])
    expect(status).toBe(200)
    expect(valuesOf(seen, "x-nmp-principal-id")).toEqual(["ann@example.com"])
    expect(valuesOf(seen, "x-nmp-principal-on-behalf-of")).toEqual([""])
    expect(valuesOf(seen, "x-nmp-authorized")).toEqual(["true"])
    expect(valuesOf(seen, "x-portcullis-shadow")).toEqual([""])
    for (const name of ["x_nmp_principal_id", "x-nmp_authorized", "x-nmp-other"]) expect(valuesOf(seen, name)).toEqual([])
    expect(valuesOf(seen, "x-kept")).toEqual(["yes"])
  })

  it("answers its client as the sidecar says", async () => {
    const world = await gatewayWorld({ envoyGrpc: { listen } })
    const ask = await envoyBefore(world)
    const nobody = await ask(readable)
    expect(nobody).toMatchObject({
      status: 401,
      headers: { "www-authenticate": "Bearer", "content-type": "application/json", "cache-control": "no-store" },
    })
    expect(JSON.parse(nobody.body)).toMatchObject({ code: "no_credentials", decision_id: nobody.headers["x-portcullis-decision-id"] })
    expect(
      (
        await ask(readable, [
          ["Authorization", "Bearer a"],
          ["Authorization", "Bearer b"],
        ])
      ).status,
    ).toBe(401)
    expect((await ask(readable, [await world.bearer("eve@example.com")])).status).toBe(403)
  })

  it("does all that a decision object of one's own policy says", async () => {
    const pdp = await createPdp({ policy: { wasm: join(root, "test/fixtures/policy/envoy-authz.wasm") } })
    const server = await startServer({ pdp, listen, envoyGrpc: { listen } })
    onTestFinished(async () => {
      await server.close(0)
      await pdp.close()
    })
    const ask = await envoyBefore({ url: server.url, grpc: server.envoyGrpcUrl ?? "" })
    const { status, seen, headers } = await ask("/object?token=s&page=9&x=1", [
      ["x-user", "forged"],
      ["x-many", "forged"],
      ["x-secret", "s"],
      ["x-nmp-principal-id", "left to the policy"],
      ["x_nmp_authorized", "true"],
    ])
    expect(status).toBe(200)
    expect(valuesOf(seen, "x-user")).toEqual(["ann"])
    expect(valuesOf(seen, "x-many").join()).toBe("a,b")
    expect(valuesOf(seen, "x-nmp-authorized")).toEqual(["true"])
    expect(valuesOf(seen, "x_nmp_authorized")).toEqual([])
    expect(valuesOf(seen, "x-nmp-principal-id")).toEqual(["left to the policy"])
    expect(valuesOf(seen, "x-secret")).toEqual([])
    expect(new URL(seen?.url ?? "", "http://x").searchParams.toString().split("&").toSorted()).toEqual(["page=1", "x=1"])
    expect(headers["x-seen"]).toBe("yes")
    expect(await ask("/denied")).toMatchObject({ status: 302, body: "go away", headers: { location: "/login", "set-cookie": ["a=1", "b=2"] } })
    expect((await ask("/closed")).status).toBe(403)
    expect((await ask("/undefined")).status).toBe(403)
    const json = [["Content-Type", "application/json"]] as const
    expect((await ask("/public", json, '{"a":1}')).status).toBe(200)
    expect((await ask("/public", json, "{")).status).toBe(400)
    expect((await ask("/public", [...json, ["Content-Length", "106"]], `{"a":"${"x".repeat(98)}"}`)).status).toBe(200)
  })
})
