import { expect, it, onTestFinished } from "vitest"
import { walkThrough } from "../../../src/cli/walk-through.js"
import { createPdp, memorySource, type PdpOptions } from "../../../src/index.js"

const creators = [{ principal: "*", workspace: "system", role: "WorkspaceCreator" }]
const lone = { version: 1, roles: { WorkspaceCreator: { permissions: ["workspaces.create"] } } } as const
const makes = { post: { permissions: ["workspaces.create"] } } as const

/** Who registers the project; undefined when the walk leaves it out. */
async function registrar(options: PdpOptions): Promise<string | undefined> {
  const pdp = await createPdp({ source: memorySource(creators), ...options })
  onTestFinished(() => pdp.close())
  const lines = walkThrough(pdp, { url: "http://127.0.0.1:1", profile: "hardened", headerPrefix: "X-NMP-" }, undefined).map(({ line }) => line)
  return /X-NMP-Principal-Id: (\S+)'/.exec(lines.find((line) => line.includes("/entities/project")) ?? "")?.[1]
}

it("lets the owner of the workspace register the project, when he may", async () => {
  expect(await registrar({})).toBe("ann@example.com")
})

it("lets a service register it, where the authorization data leave entities to services", async () => {
  expect(await registrar({ authorizationData: "test/fixtures/reference-static.json" })).toBe("service:projects")
})

it("ends before it, where nobody may", async () => {
  expect(await registrar({ authorizationData: { ...lone, endpoints: { "/apis/entities/v2/workspaces": makes } } })).toBeUndefined()
})
