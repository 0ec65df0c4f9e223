import { describe, expect, it } from "vitest"
import type { Profile } from "../../src/index.js"
import { authClient, nemoSidecar } from "../fixtures/nemo.js"

const [ann, ben] = [{ id: "ann@example.com", email: "ann@example.com" }, { id: "ben@example.com" }]
const team = "/apis/entities/v2/workspaces/ml-team"
/** How a binding names a group. */
const readers = { hardened: "group:readers", nemo: "readers" } as const
const ways = (["hardened", "nemo"] as const).flatMap((profile) => (["embedded", "opa"] as const).map((provider) => ({ profile, provider })))

describe.each<{ readonly profile: Profile; readonly provider: "embedded" | "opa" }>(ways)(
  "the reference's AuthClient ($profile profile, provider $provider)",
  ({ profile, provider }) => {
    it("gets its decisions from the sidecar, and sees grants and removals at once", async () => {
      const url = await nemoSidecar(profile)
      const send = async (method: string, path: string, body?: unknown): Promise<number> => {
        const headers = { "X-NMP-Principal-Id": ann.id, "Content-Type": "application/json" }
        return (await fetch(`${url}${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })).status
      }
      const ask = await authClient(url, provider)
      expect(await send("POST", "/apis/entities/v2/workspaces", { name: "ml-team" })).toBe(201)

      expect(await ask(ann, "authorize_request", ["GET", team], { scopes: ["platform:read"] })).toBe(true)
      expect(await ask(ann, "authorize_request", ["DELETE", team], { scopes: ["platform:read"] })).toBe(false)
      expect(await ask(ben, "authorize_request", ["GET", team], { scopes: ["platform:read"] })).toBe(false)
      expect(await ask({ ...ben, groups: ["readers"] }, "has_permissions", ["ml-team", ["workspaces.read"]])).toBe(false)
      expect(await ask(ben, "has_role", ["ml-team", "Viewer"])).toBe(false)

      const granted = ask(ann, "wait_role", [ben.id, "ml-team", "Viewer"], { timeout: 30 })
      for (const principal of [ben.id, readers[profile]]) expect(await send("POST", `${team}/members`, { principal, roles: ["Viewer"] })).toBe(201)
      expect(await granted).toBe(true)
      expect(await ask(ben, "authorize_request", ["GET", team], { scopes: ["platform:read"] })).toBe(true)
      expect(await ask({ id: "cy@example.com", groups: ["readers"] }, "has_permissions", ["ml-team", ["workspaces.read"]])).toBe(true)
      expect(await ask(ben, "has_permissions", ["ml-team", ["workspaces.members.list"]])).toBe(false)
      expect(await ask(ben, "has_role", ["ml-team", "Viewer"])).toBe(true)

      const removed = ask(ann, "wait_role", [ben.id, "ml-team", "Viewer"], { is_present: false, timeout: 30 })
      expect(await send("DELETE", `${team}/members/${ben.id}`)).toBe(200)
      expect(await removed).toBe(true)
      expect(await ask(ben, "authorize_request", ["GET", team], { scopes: ["platform:read"] })).toBe(false)
      expect(await ask(ben, "has_role", ["ml-team", "Viewer"])).toBe(false)
    })
  },
)
