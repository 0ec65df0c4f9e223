import { describe, expect, it } from "vitest"
import { ourName } from "../../../src/cli/our-name.js"
import { fakeApi } from "../../fixtures/fake-api.js"
import { run } from "../../fixtures/terminal.js"

const member = { principal: "ben@example.com", roles: ["Editor", "Viewer"], granted_at: "2026-01-02T03:04:05.000Z", granted_by: "ann@example.com" }
const written = { ...member, revision: "0a0b0c0d.8", propagated: true }
const inTeam = ["--workspace", "ml-team", "--as", "ann@example.com"]
const members = "/apis/entities/v2/workspaces/ml-team/members"

describe("workspaces members", () => {
  it("lists who is in a workspace", async () => {
    const { url, calls } = await fakeApi(() => ({ status: 200, body: { data: [member] } }))
    const { code, out } = await run(["workspaces", "members", "list", "--url", url, ...inTeam])
    expect(code).toBe(0)
    expect(out).toMatch(/^PRINCIPAL +ROLES +GRANTED BY +GRANTED AT\nben@example\.com +Editor, Viewer +ann@example\.com +2026-01-02T03:04:05\.000Z\n$/)
    expect(calls).toMatchObject([{ method: "GET", target: members }])
  })

  it("creates one with roles that are repeated and separated by commas, until a time", async () => {
    const { url, calls } = await fakeApi(() => ({ status: 201, body: written }))
    const roles = ["--roles", "Editor, Viewer", "--roles", "Auditor", "--expires-at", "2030-01-31T12:00:00Z"]
    const { code, out } = await run([
      "workspaces",
      "members",
      "create",
      "--url",
      url,
      ...inTeam,
      "--principal",
      "ben@example.com",
      ...roles,
      "-o",
      "json",
    ])
    expect({ code, answer: JSON.parse(out) }).toEqual({ code: 0, answer: written })
    expect(calls).toMatchObject([
      {
        method: "POST",
        target: `${members}?wait_role_propagation=true`,
        body: { principal: "ben@example.com", roles: ["Editor", "Viewer", "Auditor"], expires_at: "2030-01-31T12:00:00Z" },
      },
    ])
  })

  it("leaves the roles to the sidecar when none are named", async () => {
    const { url, calls } = await fakeApi(() => ({ status: 201, body: written }))
    await run(["workspaces", "members", "create", "--url", url, ...inTeam, "--principal", "*"])
    expect(calls[0]?.body).toEqual({ principal: "*" })
  })

  it("updates and deletes one whose name needs escapes", async () => {
    const { url, calls } = await fakeApi(({ method }) => ({
      status: 200,
      body: method === "PUT" ? written : { id: "x", message: "removed", deleted_count: 1 },
    }))
    await run(["workspaces", "members", "update", "group:data scientists", "--roles", "Viewer", "--url", url, ...inTeam])
    const { out } = await run(["workspaces", "members", "delete", "ben@example.com", "--url", url, ...inTeam])
    expect(out).toBe("removed\n")
    expect(calls.map(({ method, target, body, headers }) => [method, target, body, headers["idempotency-key"]])).toEqual([
      ["PUT", `${members}/group:data%20scientists?wait_role_propagation=true`, { roles: ["Viewer"] }, undefined],
      ["DELETE", `${members}/ben@example.com?wait_role_propagation=true`, undefined, undefined],
    ])
  })

  it("says that decisions do not reflect a change yet", async () => {
    const { url } = await fakeApi(() => ({ status: 202, body: { ...written, propagated: false } }))
    const late = await run(["workspaces", "members", "create", "--url", url, ...inTeam, "--principal", "ben@example.com"])
    expect(late).toMatchObject({ code: 0, out: expect.stringContaining("ben@example.com") })
    expect(late.err).toMatch(/stored as revision 0a0b0c0d\.8, but within the sidecar's time limit/)
  })

  it("does not wait when it is told not to", async () => {
    const { url, calls } = await fakeApi(() => ({ status: 202, body: { ...written, propagated: false } }))
    const { err } = await run([
      "workspaces",
      "members",
      "update",
      "ben@example.com",
      "--roles",
      "Viewer",
      "--no-wait-role-propagation",
      "--url",
      url,
      ...inTeam,
    ])
    expect(calls[0]?.target).toContain("wait_role_propagation=false")
    expect(err).toMatch(/not waited for/)
  })

  it("keeps the last Admin, and says how to add another one", async () => {
    const detail = "Cannot remove 'ann@example.com': they are the last Admin of workspace 'ml-team'. Add another Admin first"
    const body = { detail, code: "last_admin", principal: "ann@example.com", role: "Admin", workspace: "ml-team" }
    const { url } = await fakeApi(() => ({ status: 409, body }))
    const { code, out, err } = await run(["workspaces", "members", "delete", "ann@example.com", "--url", url, ...inTeam])
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toBe(
      `portcullis: ${detail}\nAdd another Admin first, and run this command again:\n` +
        `  ${ourName} workspaces members create --workspace ml-team --principal <principal> --roles Admin --url ${url} --as ann@example.com\n`,
    )
  })

  it("shows where to look for a member that is not there", async () => {
    const { url } = await fakeApi(() => ({ status: 404, body: { detail: "Member 'x' not found in workspace 'ml-team'", code: "not_found" } }))
    const { err } = await run(["workspaces", "members", "delete", "x", "--url", url, ...inTeam])
    expect(err).toContain("portcullis workspaces members list --workspace ml-team")
  })
})
