import { describe, expect, it } from "vitest"
import { filterOf } from "../../../src/cli/changes.js"
import { fakeApi, pageOf } from "../../fixtures/fake-api.js"
import { run } from "../../fixtures/terminal.js"

const granted = {
  revision: "0a0b0c0d.7",
  at: "2026-01-02T03:04:05.000Z",
  actor: "ann@example.com",
  action: "role_binding.granted",
  principal: "ben@example.com",
  workspace: "ml-team",
  role: "Viewer",
  expires_at: "2030-01-31T12:00:00.000Z",
}
const created = {
  revision: "0a0b0c0d.6",
  at: "2026-01-02T03:04:04.000Z",
  actor: "service:lab",
  action: "entity.created",
  workspace: "ml-team",
  entity_type: "project",
  name: "p1",
}

describe("changes", () => {
  it("prints who did what, when, at which revision", async () => {
    const { url, calls } = await fakeApi(() => pageOf([granted, created]))
    const { code, out, err } = await run(["changes", "--url", url, "--as", "admin@example.com"])
    expect({ code, err, target: calls[0]?.target }).toEqual({ code: 0, err: "", target: "/apis/auth/v2/iam/changes" })
    const [head, first, second] = out.split("\n").map((line) => line.split(/ {2,}/))
    expect(head).toEqual(["AT", "REVISION", "ACTOR", "ACTION", "WORKSPACE", "PRINCIPAL", "ROLE", "WHAT"])
    expect(first).toEqual([
      granted.at,
      granted.revision,
      granted.actor,
      granted.action,
      "ml-team",
      "ben@example.com",
      "Viewer",
      `until ${granted.expires_at}`,
    ])
    expect(second).toEqual([created.at, created.revision, "service:lab", "entity.created", "ml-team", "project p1"])
  })

  it("asks for what is wanted only", async () => {
    const { url, calls } = await fakeApi(() => pageOf([]))
    const filter = ["--principal", "ben@example.com", "--workspace", "ml-team", "--actor", "ann@example.com", "--action", "role_binding.revoked"]
    const { err } = await run([
      "changes",
      "--url",
      url,
      "--as",
      "admin@example.com",
      ...filter,
      "--since",
      "2026-01-01",
      "--until",
      "2026-02-01T00:00:00Z",
      "--page",
      "2",
    ])
    expect(Object.fromEntries(new URL(calls[0]?.target ?? "", url).searchParams)).toEqual({
      page: "2",
      "filter[principal]": "ben@example.com",
      "filter[workspace]": "ml-team",
      "filter[actor]": "ann@example.com",
      "filter[action]": "role_binding.revoked",
      "filter[at][gte]": "2026-01-01",
      "filter[at][lte]": "2026-02-01T00:00:00Z",
    })
    expect(err).toBe("no changes\n")
  })

  it("counts durations back from now", () => {
    const now = Date.parse("2026-01-08T00:00:00Z")
    expect(filterOf({ since: "7d", until: "90m" }, now)).toMatchObject({
      "filter[at][gte]": "2026-01-01T00:00:00.000Z",
      "filter[at][lte]": "2026-01-07T22:30:00.000Z",
    })
  })

  it("answers JSON with all members", async () => {
    const { url } = await fakeApi(() => pageOf([granted]))
    const { out } = await run(["changes", "--url", url, "--as", "admin@example.com", "-o", "json"])
    expect(JSON.parse(out)).toMatchObject({ data: [granted], pagination: { total_results: 1 } })
  })

  it("is for those who may see it: exit 3", async () => {
    const { url } = await fakeApi(() => ({ status: 403, body: { detail: "denied", code: "role_missing" } }))
    expect(await run(["changes", "--url", url, "--as", "ben@example.com"])).toMatchObject({ code: 3, out: "" })
  })
})
