import { describe, expect, it } from "vitest"
import type { Profile } from "../../src/index.js"
import { nemoAs, nemoSidecar, newNemo, registerEntity } from "../fixtures/nemo.js"

const [ann, ben] = ["ann@example.com", "ben@example.com"]

/** How often the sidecar has answered a method with a status. */
async function answered(url: string, method: string, status: number): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const counts = metrics.matchAll(
    new RegExp(`^portcullis_http_request_duration_seconds_count\\{.*method="${method}",code="${status}"\\} (\\d+)$`, "gm"),
  )
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

describe.each<Profile>(["hardened", "nemo"])("the published nemo command line (%s profile)", (profile) => {
  it("logs in, and leads a workspace and its members through their lives", async () => {
    const nemo = newNemo()
    const url = await nemoSidecar(profile)
    expect((await nemo("config", "set", "--base-url", url, "--workspace", "ml-team")).code).toBe(0)
    const login = await nemo("auth", "login", "--unsigned-token", "--email", ann, "--scope", "platform:read platform:write")
    expect(login).toMatchObject({ code: 0, out: expect.stringContaining("Cluster authentication is enabled") })

    const created = await nemo("workspaces", "create", "ml-team", "--description", "Models")
    expect([created.code, created.err]).toEqual([0, ""])
    expect(JSON.parse(created.out)).toMatchObject({ name: "ml-team", description: "Models", created_by: ann, propagated: true })
    const [got, listed] = await Promise.all([nemo("workspaces", "get", "ml-team"), nemo("workspaces", "list", "--all-pages", "-f", "csv")])
    expect(JSON.parse(got.out)).toMatchObject({ name: "ml-team", description: "Models", updated_by: ann })
    expect([listed.code, listed.out.split("\n")]).toEqual([0, expect.arrayContaining([expect.stringMatching(/^ml-team,Models,20/)])])

    const added = await nemo("workspaces", "members", "create", "--principal", ben, "--roles", "Viewer")
    expect(JSON.parse(added.out)).toMatchObject({ principal: ben, roles: ["Viewer"], granted_by: ann, propagated: true })
    const promoted = await nemo("workspaces", "members", "update", ben, "--roles", "Editor", "--roles", "Admin")
    expect(JSON.parse(promoted.out)).toMatchObject({ principal: ben, roles: ["Admin", "Editor"], propagated: true })
    const members = await nemo("workspaces", "members", "list", "-f", "json")
    expect(JSON.parse(members.out)).toMatchObject({
      data: [
        { principal: ann, roles: ["Admin"], granted_by: ann },
        { principal: ben, roles: ["Admin", "Editor"], granted_by: ann },
      ],
    })
    const removed = await nemo("workspaces", "members", "delete", ben)
    expect(removed).toMatchObject({ code: 0, out: expect.stringContaining("Deleted successfully") })

    const deleted = await nemo("workspaces", "delete", "ml-team")
    expect(deleted).toMatchObject({ code: 0, out: expect.stringContaining("Deleted successfully") })
    expect(await nemoAs(url, "root@example.com", "ml-team")("workspaces", "get", "ml-team")).toMatchObject({
      code: 3,
      err: expect.stringContaining("Not found: (404) Workspace 'ml-team' not found"),
    })
  })

  it("is refused where it must be: at once, in our words, with exit 3", async () => {
    const url = await nemoSidecar(profile)
    const [asAnn, asBen] = [nemoAs(url, ann, "ml-team"), nemoAs(url, ben, "ml-team")]
    expect((await asAnn("workspaces", "create", "ml-team")).code).toBe(0)

    const [stranger, again] = await Promise.all([asBen("workspaces", "get", "ml-team"), asAnn("workspaces", "create", "ml-team")])
    expect(stranger).toMatchObject({ code: 3, out: "" })
    expect(stranger.err).toMatch(/^Permission denied: \(403\) GET \/apis\/entities\/v2\/workspaces\/ml-team is denied: role_missing; /)
    expect(again).toMatchObject({ code: 3, err: expect.stringMatching(/^Conflict: \(409\) Workspace 'ml-team' already exists/) })
    expect(await answered(url, "POST", 409)).toBe(1)

    expect((await asAnn("workspaces", "members", "create", "--principal", ben, "--roles", "Viewer")).code).toBe(0)
    const [viewer, last] = await Promise.all([
      asBen("workspaces", "members", "create", "--principal", "eve@example.com"),
      asAnn("workspaces", "members", "delete", ann),
    ])
    expect(viewer.code).toBe(3)
    expect(viewer.err).toMatch(
      /^Permission denied: \(403\) .* is denied: role_insufficient; it needs workspaces\.members\.create in workspace 'ml-team'/,
    )
    expect(last.code).toBe(3)
    expect(last.err).toMatch(
      /^Conflict: \(409\) Cannot remove 'ann@example\.com': they are the last Admin of workspace 'ml-team'\. Add another Admin first\n/,
    )
    expect(await answered(url, "DELETE", 409)).toBe(1)
  })

  it("does not delete a workspace that holds entities, and says which", async () => {
    const url = await nemoSidecar(profile)
    const asAnn = nemoAs(url, ann, "ml-team")
    expect((await asAnn("workspaces", "create", "ml-team")).code).toBe(0)
    for (const [type, name] of [
      ["project", "p1"],
      ["dataset", "d1"],
      ["project", "p2"],
    ] as const)
      expect(await registerEntity(url, "service:models", "ml-team", type, name)).toMatchObject({ code: 0, out: `${name}\n` })

    const kept = await asAnn("workspaces", "delete", "ml-team")
    expect(kept.code).toBe(3)
    expect(kept.err.split("\n")[0]).toBe(
      "Conflict: (409) Cannot delete workspace 'ml-team': workspace contains entities that must be deleted first: project (2), dataset (1)",
    )
    expect(await answered(url, "DELETE", 409)).toBe(1)
    expect((await asAnn("workspaces", "members", "list", "-f", "csv")).out).toContain(ann)
  })
})
