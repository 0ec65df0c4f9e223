import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { parse, stringify } from "yaml"
import { bundleSigner, generateSigningKey } from "../../src/bundle/index.js"
import { administeredServer, root } from "../fixtures/administered-server.js"
import { fleetOpa, type FleetOpa, type FleetOpaOptions } from "../fixtures/fleet-opa.js"
import { until } from "../fixtures/opa-server.js"
import type { ServerOptions } from "../../src/server/index.js"

const people = ["ann@x", "ben@x", "cy@x", "dan@x", 'odd "name" ✓', "a~1b", "__proto__", "Zoë@x"]
const principals = [...people, "group:ops", "group:ml", "service:indexer", "*"]
const workspaces = ["ml", "research", "vision"]
const roles = ["Viewer", "Editor", "Admin"]
const paths = [
  ...workspaces.flatMap((name) => [`/apis/entities/v2/workspaces/${name}`, `/apis/entities/v2/workspaces/${name}/members`]),
  "/apis/entities/v2/workspaces",
]
const questions = 100

/** Numbers below a bound, the same in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
}

/** Authorization data of which a role can be changed, a server on it, and an OPA that takes its bundles. */
async function world(options: Partial<ServerOptions>, opaOptions: FleetOpaOptions) {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-changes-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, "authorization.yaml")
  const document = parse(readFileSync("examples/quickstart/authorization.yaml", "utf8"))
  const changeRole = (permissions: readonly string[]): void => {
    const changed = { ...document, roles: { ...document.roles, Viewer: { ...document.roles.Viewer, permissions } } }
    writeFileSync(file, stringify(changed))
  }
  changeRole(document.roles.Viewer.permissions)
  const server = await administeredServer({ ...options, limits: { propagationSeconds: 20, ...options.limits } }, false, file)
  for (const name of workspaces) await server.send("POST", "/apis/entities/v2/workspaces", { as: root, body: { name } })
  const opa = await fleetOpa(server.url, { logLevel: "error", ...opaOptions })
  await until(() => opa.isReady())
  return { server, opa, changeRole, permissions: document.roles.Viewer.permissions }
}

/** Changes who holds what, again and again; each time the OPA is asked what we are asked. */
async function followed(
  { server, opa, changeRole, permissions }: Awaited<ReturnType<typeof world>>,
  changes: number,
  random: ReturnType<typeof randomNumbers>,
) {
  const one = <Item>(items: readonly Item[]): Item => {
    const item = items[random(items.length)]
    if (item === undefined) throw new RangeError("nothing to choose from")
    return item
  }
  const question = () => ({
    principal_id: one([...people, "service:indexer", "service:other", ""]),
    principal_groups: one([[], ["ops"], ["ops", "ml"]]),
    method: one(["GET", "PUT", "DELETE", "POST"]),
    path: one(paths),
    ...(random(3) === 0 && { scopes: [one(["platform:read", "entities:read", "entities:write"])] }),
  })
  const counts = { allowed: 0, denied: 0, statuses: new Set<number>() }
  for (let change = 1; change <= changes; change++) {
    if (change % 25 === 13) {
      changeRole(permissions.filter(() => random(4) > 0))
      await server.pdp.refresh()
    }
    const members = `/apis/entities/v2/workspaces/${one(workspaces)}/members`
    const principal = one(principals)
    const held = roles.filter(() => random(3) === 0)
    const give = () => server.send("POST", `${members}?wait=fleet`, { as: root, body: { principal, roles: held.length > 0 ? held : [one(roles)] } })
    const take = () => server.send("DELETE", `${members}/${encodeURIComponent(principal)}?wait=fleet`, { as: root })
    const first = await (random(2) === 0 ? take() : give())
    // Who has nothing can lose nothing, and who has it all gets nothing: the other way round there is a change.
    const written = first.status < 300 ? first : await (first.status === 404 ? give() : take())
    expect(written.body, written.text).toMatchObject({ propagated: true, fleet: { waited_for: 1, missing: [] } })
    counts.statuses.add(written.status)
    const requests = Array.from({ length: questions }, question)
    const ours = server.pdp.evaluate("authz/allow_many", { requests })
    expect(await opa.decides(requests), `change ${change}, revision ${server.pdp.revision()}`).toEqual(ours)
    for (const isAllowed of Array.isArray(ours) ? ours : []) counts[isAllowed === true ? "allowed" : "denied"]++
  }
  return counts
}

const typeOf = async (opa: FleetOpa, name: string): Promise<unknown> => {
  const { result } = JSON.parse(await (await fetch(`${opa.url}/v1/status`)).text())
  return result.bundles[name].type
}

describe("after every one of many random changes a stock OPA decides 100 questions as we do", () => {
  it("in one bundle, by deltas, 1,000 times", async () => {
    const there = await world({}, {})
    const counts = await followed(there, 1_000, randomNumbers(11))
    expect(Math.min(counts.allowed, counts.denied)).toBeGreaterThan(10_000)
    expect([...counts.statuses].toSorted()).toEqual([200, 201])
    expect(await typeOf(there.opa, "authz")).toBe("delta")
  })

  it("in signed parts, 200 times", async () => {
    const key = await generateSigningKey("ES256")
    const signer = bundleSigner({ privateKeyPem: key.privateKeyPem, scope: "read" })
    const there = await world(
      { bundles: { signer, bindingBundles: 4 } },
      {
        bundles: ["authz-policy", "authz-roles", ...["00", "01", "02", "03"].map((name) => `authz-bindings-${name}`)],
        signing: { keyid: key.keyId, scope: "read" },
        more: { keys: { [key.keyId]: { algorithm: key.algorithm, key: key.publicKeyPem } } },
      },
    )
    const counts = await followed(there, 200, randomNumbers(12))
    expect(Math.min(counts.allowed, counts.denied)).toBeGreaterThan(2_000)
    expect(await typeOf(there.opa, "authz-bindings-00")).toBe("snapshot")
  })
})
