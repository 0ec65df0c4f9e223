import { afterEach, describe, expect, it } from "vitest"
import { createPdp, memorySource, type Pdp, type Profile, type RoleBinding } from "../../src/index.js"
import { startServer, type RunningServer } from "../../src/server/index.js"
import { opaServer, until } from "../fixtures/opa-server.js"

const bindings: readonly RoleBinding[] = [
  { principal: "ann@example.com", workspace: "ml-team", role: "Viewer" },
  { principal: "ben@example.com", workspace: "ml-team", role: "Editor" },
  { principal: "group:ops", workspace: "ml-team", role: "Admin" },
  { principal: "root@example.com", workspace: "system", role: "PlatformAdmin" },
  { principal: "service:indexer", workspace: "research", role: "Viewer" },
  { principal: "*", workspace: "system", role: "WorkspaceCreator" },
  { principal: 'odd "name" ✓', workspace: "ml-team", role: "Viewer" },
]

const principals = ["ann@example.com", "ben@example.com", "root@example.com", "service:indexer", "service:other", 'odd "name" ✓', ""]
const paths = [
  "/apis/models/v2/workspaces/ml-team/models",
  "/apis/models/v2/workspaces/research/models/llama?x=1",
  "/apis/models/v2/workspaces/-/models",
  "/apis/entities/v2/workspaces",
  "/apis/secrets/v2/workspaces/ml-team/secrets/x/access",
  "/apis/models/v2/workspaces/ml-team/models/a%2Fb",
  "/health/live",
  "/nowhere",
]
const inputs = principals.flatMap((principal_id) =>
  paths.flatMap((path) =>
    ["GET", "POST", "DELETE", "HEAD"].map((method) => ({
      principal_id,
      principal_groups: principal_id === "" ? ["ops"] : [],
      method,
      path,
      scopes: ["platform:read"],
    })),
  ),
)

describe.each<Profile>(["hardened", "nemo"])("a stock OPA that fetches our bundle (%s)", (profile) => {
  let stop: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const end of stop.toReversed()) await end()
    stop = []
  })

  const sidecar = async (): Promise<{ pdp: Pdp; server: RunningServer; source: ReturnType<typeof memorySource> }> => {
    const source = memorySource(bindings)
    const pdp = await createPdp({ authorizationData: "test/fixtures/reference-static.json", source, profile })
    const server = await startServer({
      pdp,
      listen: { host: "127.0.0.1", port: 0 },
      bundleCacheSeconds: 1,
    })
    stop.push(
      () => pdp.close(),
      () => server.close(1_000),
    )
    return { pdp, server, source }
  }

  const opa = async (sidecarUrl: string): Promise<string> => {
    const server = await opaServer(sidecarUrl)
    stop.push(() => server.stop())
    return server.url
  }

  it("decides as we do, explanations included, and follows a change", async () => {
    const { pdp, server, source } = await sidecar()
    const url = await opa(server.url)
    const ask = async (entrypoint: string, input: unknown): Promise<unknown> => {
      const answer: unknown = await (await fetch(`${url}/v1/data/authz/${entrypoint}`, { method: "POST", body: JSON.stringify({ input }) })).json()
      return typeof answer === "object" && answer !== null && "result" in answer ? answer.result : undefined
    }
    for (const input of inputs) {
      expect(await ask("allow", input), JSON.stringify(input)).toEqual(pdp.evaluate("authz/allow", input))
      expect(await ask("explain", { ...input, bindings: { "ml-team": { "": ["Admin"] } } }), JSON.stringify(input)).toEqual(
        pdp.evaluate("authz/explain", input),
      )
    }
    const zoe = { principal_id: "zoe", method: "GET", path: "/apis/models/v2/workspaces/ml-team/models" }
    expect(await ask("allow", zoe)).toMatchObject({ allowed: false })
    source.add({ principal: "zoe", workspace: "ml-team", role: "Viewer" })
    await pdp.refresh()
    expect(pdp.evaluate("authz/allow", zoe)).toMatchObject({ allowed: true })
    await until(async () => JSON.stringify(await ask("allow", zoe)).includes('"allowed":true'))
  })
})
