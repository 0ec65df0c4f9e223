import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { fakeApi, pageOf, type ApiReply } from "../../fixtures/fake-api.js"
import { freePort } from "../../fixtures/free-port.js"
import { run } from "../../fixtures/terminal.js"

const workspace = {
  id: "w-1",
  name: "ml-team",
  description: "Models\u001b[31m\nand data",
  workspace: "ml-team",
  created_at: "2026-01-02T03:04:05.000Z",
  created_by: "ann@example.com",
  updated_at: "2026-01-02T03:04:05.000Z",
  updated_by: "ann@example.com",
}
const written = { ...workspace, revision: "0a0b0c0d.7", propagated: true }
const ann = ["--as", "ann@example.com"]

function refused(status: number, body: object, headers: Readonly<Record<string, string>> = {}): ApiReply {
  return { status, body, headers }
}

describe("usage", () => {
  it.each([
    ["workspaces", "get", "--as", "ann"],
    ["workspaces", "update", "ml-team", "--as", "ann"],
    ["workspaces", "members", "list", "--as", "ann"],
    ["workspaces", "members", "create", "--workspace", "ml-team", "--as", "ann"],
    ["workspaces", "members", "update", "ben", "--workspace", "ml-team", "--as", "ann"],
    ["workspaces", "list", "--as", "ann", "--page", "0"],
    ["workspaces", "list", "--as", "ann", "--url", "ftp://x"],
    ["changes", "--as", "ann", "--action", "guessed"],
  ])("is wrong for %s %s %s %s %s: exit 2, on stderr", async (...args) => {
    const { code, out, err } = await run(args)
    expect({ code, out }).toEqual({ code: 2, out: "" })
    expect(err).toContain("--help")
  })

  it.each([
    ["workspaces", "list"],
    ["workspaces", "get"],
    ["workspaces", "create"],
    ["workspaces", "update"],
    ["workspaces", "delete"],
    ["workspaces", "members", "list"],
    ["workspaces", "members", "create"],
    ["workspaces", "members", "update"],
    ["workspaces", "members", "delete"],
    ["changes"],
    ["data", "export"],
    ["data", "import"],
    ["auth", "login"],
    ["auth", "status"],
    ["auth", "token"],
    ["auth", "refresh"],
    ["auth", "logout"],
  ])("is shown with examples by %s %s %s --help", async (...command) => {
    const { code, out } = await run([...command.filter(Boolean), "--help"])
    expect(code).toBe(0)
    expect(out).toContain("Examples:")
  })

  it("says that nobody asks, and how to say who", async () => {
    const { code, out, err } = await run(["workspaces", "list"])
    expect({ code, out }).toEqual({ code: 2, out: "" })
    expect(err).toMatch(/--as <principal>.*PORTCULLIS_PRINCIPAL/)
  })

  it("refuses a name that would be another path", async () => {
    const { code, err } = await run(["workspaces", "members", "delete", "..", "--workspace", "ml-team", ...ann])
    expect(code).toBe(1)
    expect(err).toContain("no path can hold")
  })
})

describe("workspaces list", () => {
  it("prints a table for people, without what would steer their terminal", async () => {
    const { url, calls } = await fakeApi(() => pageOf([workspace]))
    const { code, out, err } = await run(["workspaces", "list", "--url", url, ...ann])
    expect({ code, err }).toEqual({ code: 0, err: "" })
    expect(out).toMatch(/^NAME +DESCRIPTION +CREATED BY +CREATED AT\nml-team +Models \[31m and data +ann@example\.com +2026-01-02T03:04:05\.000Z\n$/)
    expect(calls).toMatchObject([{ method: "GET", target: "/apis/entities/v2/workspaces", headers: { "x-nmp-principal-id": "ann@example.com" } }])
  })

  it("takes sidecar and principal from the environment", async () => {
    const { url, calls } = await fakeApi(() => pageOf([]))
    const { err } = await run(["workspaces", "list"], { environment: { PORTCULLIS_URL: `${url}/`, PORTCULLIS_PRINCIPAL: "service:ci" } })
    expect(err).toBe("no workspaces\n")
    expect(calls[0]?.headers).toMatchObject({ "x-nmp-principal-id": "service:ci" })
  })

  it("asks for the page, and says that there are others", async () => {
    const { url, calls } = await fakeApi(() => pageOf([workspace], 2, 3))
    const { err } = await run(["workspaces", "list", "--url", url, ...ann, "--page", "2", "--page-size", "2", "--sort", "-name"])
    expect(calls[0]?.target).toBe("/apis/entities/v2/workspaces?page=2&page_size=2&sort=-name")
    expect(err).toMatch(/^page 2 of 3, 3 workspaces in all/)
  })

  it("puts all pages together", async () => {
    const { url, calls } = await fakeApi((_, count) => pageOf([{ ...workspace, name: `w-${count}` }], count, 3))
    const { out } = await run(["workspaces", "list", "--url", url, ...ann, "--all-pages", "-o", "json"])
    expect(JSON.parse(out)).toMatchObject({
      data: [{ name: "w-1" }, { name: "w-2" }, { name: "w-3" }],
      pagination: { total_results: 3, total_pages: 1 },
    })
    expect(calls.map(({ target }) => new URL(target, url).searchParams.get("page"))).toEqual(["1", "2", "3"])
  })
})

describe("a workspace", () => {
  it("is created with a key that makes trying again harmless", async () => {
    const { url, calls } = await fakeApi(() => ({ status: 201, body: written }))
    const { code, out, err } = await run(["workspaces", "create", "ml-team", "--description", "Models", "--url", url, ...ann, "-o", "yaml"])
    expect({ code, err }).toEqual({ code: 0, err: "" })
    expect(parse(out)).toEqual(written)
    expect(calls).toMatchObject([
      { method: "POST", target: "/apis/entities/v2/workspaces?wait_role_propagation=true", body: { name: "ml-team", description: "Models" } },
    ])
    expect(calls[0]?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/)
  })

  it("is shown, changed and deleted by name", async () => {
    const { url, calls } = await fakeApi(({ method }) => ({
      status: 200,
      body: method === "DELETE" ? { id: "w-1", message: "Workspace 'a@b' deleted", deleted_count: 1 } : written,
    }))
    expect((await run(["workspaces", "get", "a@b", "--url", url, ...ann])).out).toContain("ml-team")
    expect((await run(["workspaces", "update", "a@b", "--description", "x", "--url", url, ...ann])).out).toContain("ml-team")
    expect((await run(["workspaces", "delete", "a@b", "--url", url, ...ann])).out).toBe("Workspace 'a@b' deleted\n")
    expect(calls.map(({ method, target, body }) => [method, target, body])).toEqual([
      ["GET", "/apis/entities/v2/workspaces/a@b", undefined],
      ["PUT", "/apis/entities/v2/workspaces/a@b?wait_role_propagation=true", { description: "x" }],
      ["DELETE", "/apis/entities/v2/workspaces/a@b?wait_role_propagation=true", undefined],
    ])
  })

  it("that holds entities is not deleted: they are listed, with the way to delete them", async () => {
    const detail = "Cannot delete workspace 'ml-team': workspace contains entities that must be deleted first: project (3), dataset (1)"
    const { url } = await fakeApi(({ method, target }) => {
      if (method === "DELETE")
        return refused(409, {
          detail,
          code: "workspace_not_empty",
          entities: [
            { entity_type: "project", count: 3 },
            { entity_type: "dataset", count: 1 },
          ],
        })
      return target.includes("/project?") ? pageOf([{ name: "p1" }, { name: "p2" }]) : refused(403, { detail: "no", code: "role_missing" })
    })
    const { code, out, err } = await run(["workspaces", "delete", "ml-team", "--url", url, ...ann])
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toContain(`portcullis: ${detail}\n`)
    expect(err).toMatch(/^ {2}project +3 +p1, p2, …$/m)
    expect(err).toMatch(/^ {2}dataset +1/m)
    expect(err).toContain(`curl -X DELETE -H 'X-NMP-Principal-Id: ann@example.com' '${url}/apis/entities/v2/workspaces/ml-team/entities/project/p1'`)
    expect(err).toContain(`portcullis workspaces delete ml-team --url ${url} --as ann@example.com`)
  })
})

describe("a sidecar that does not answer", () => {
  it("is asked again with the same key after a lost connection and a 503", async () => {
    const { url, calls } = await fakeApi((_, count) =>
      count === 1
        ? undefined
        : count === 2
          ? refused(503, { detail: "later", code: "overloaded" }, { "Retry-After": "2" })
          : { status: 201, body: written },
    )
    const pauses: number[] = []
    const pause = async (ms: number): Promise<void> => void pauses.push(ms)
    const { code, err } = await run(["workspaces", "create", "ml-team", "--url", url, ...ann], { pause })
    expect(code).toBe(0)
    expect(pauses).toEqual([250, 2_000])
    expect(new Set(calls.map(({ headers }) => headers["idempotency-key"])).size).toBe(1)
    expect(err).toMatch(/trying again in 0\.25 s\n.*503; trying again in 2 s\n/)
  })

  it("is given up after four attempts", async () => {
    const { url, calls } = await fakeApi(() => refused(503, { detail: "the database does not answer", code: "source_unavailable" }))
    const { code, out, err } = await run(["workspaces", "list", "--url", url, ...ann])
    expect({ code, out, attempts: calls.length }).toEqual({ code: 1, out: "", attempts: 4 })
    expect(err).toContain("portcullis: the database does not answer\n")
  })

  it.each([
    ["says that it is no use", { "x-should-retry": "false" }],
    ["wants more time than people have", { "Retry-After": "3600" }],
  ])("is not asked again when it %s", async (_, headers) => {
    const { url, calls } = await fakeApi(() => refused(503, { detail: "no", code: "pdp_stale" }, headers))
    expect((await run(["workspaces", "list", "--url", url, ...ann])).code).toBe(1)
    expect(calls).toHaveLength(1)
  })

  it("is not asked twice to delete when the connection broke: it may be done", async () => {
    const { url, calls } = await fakeApi(() => undefined)
    const { code, err } = await run(["workspaces", "delete", "ml-team", "--url", url, ...ann])
    expect({ code, attempts: calls.length }).toEqual({ code: 1, attempts: 1 })
    expect(err).toContain("it may have been done")
  })

  it("and does not run is started by 'portcullis serve'", async () => {
    const { code, err } = await run(["workspaces", "list", "--url", `http://127.0.0.1:${await freePort()}`, ...ann])
    expect(code).toBe(1)
    expect(err).toMatch(/ECONNREFUSED.*start a sidecar with 'portcullis serve'/)
    expect(err).not.toMatch(/^ +at /m)
  })

  it.each([
    ["HTML", 404, "<html>not found</html>"],
    ["other JSON", 200, { hello: "world" }],
  ])("as a sidecar, but with %s, is probably none", async (_, status, body) => {
    const { url } = await fakeApi(() => ({ status, body }))
    const { code, out, err } = await run(["workspaces", "list", "--url", url, ...ann])
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toMatch(/is it a Portcullis sidecar/i)
  })
})

describe("a refusal", () => {
  it.each([
    ["401", 401, { detail: "needs a principal", code: "no_credentials" }, 3, /needs a principal\nYou asked as 'ann@example.com'/],
    ["403 that says nothing", 403, { detail: "denied", code: "path_not_canonical" }, 3, /denied\nYou asked as 'ann@example.com'\.\n$/],
    [
      "403 that says no more than that a role is due",
      403,
      { detail: "denied", code: "role_missing" },
      3,
      /denied\nYou asked as 'ann@example.com'\.\n[^]*\n {2}npx portcullis doctor --workspace ml-team --url \S+ --as ann@example\.com\n$/,
    ],
    [
      "403 that names permissions",
      403,
      { detail: "denied", code: "role_insufficient", workspace: "ml-team", missing_permissions: ["workspaces.update"] },
      3,
      /A role that holds workspaces\.update in workspace 'ml-team' would do\.[^]*members create --workspace ml-team --principal ann@example\.com --roles <role>\n/,
    ],
    [
      "403 that names roles",
      403,
      { detail: "denied", code: "role_insufficient", workspace: "ml-team", roles: ["Editor", "Admin"] },
      3,
      /one of these roles would do: Editor, Admin\.[^]*--roles Editor\n/,
    ],
    [
      "404",
      404,
      { detail: "Workspace 'ml-team' not found", code: "not_found" },
      1,
      /not found\n[^]*portcullis workspaces list --url \S+ --as ann@example\.com\n/,
    ],
    [
      "400",
      400,
      { detail: "the workspace is not valid: name: bad", code: "input_invalid" },
      1,
      /portcullis: the workspace is not valid: name: bad\n/,
    ],
  ])("by %s says what to do, on stderr", async (_, status, body, expected, words) => {
    const { url } = await fakeApi(() => ({ status, body }))
    const { code, out, err } = await run(["workspaces", "get", "ml-team", "--url", url, ...ann])
    expect({ code, out }).toEqual({ code: expected, out: "" })
    expect(err).toMatch(words)
  })
})
