import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { run } from "../../fixtures/terminal.js"

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portcullis-cli-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const roles =
  "version: 1\nroles:\n  Viewer: { permissions: [models.read] }\nendpoints:\n  /models/{workspace}: { get: { permissions: [models.read] } }\n"

describe("usage", () => {
  it.each([
    ["nonsense"],
    ["check"],
    ["check", "GET", "/x"],
    ["serve", "--colour"],
    ["data", "lint"],
    ["version", "--output", "xml"],
    ["serve", "--profile", "soft"],
  ])("is wrong for %s %s: exit 2, on stderr", async (...args) => {
    const { code, out, err } = await run(args)
    expect({ code, out }).toEqual({ code: 2, out: "" })
    expect(err).toContain("--help")
  })

  it.each([["serve"], ["check"], ["data", "lint"], ["config"]])("is shown with examples by %s %s --help", async (...command) => {
    const { code, out } = await run([...command.filter(Boolean), "--help"])
    expect(code).toBe(0)
    expect(out).toContain("Examples:")
  })

  it("says that --url and files exclude each other", async () => {
    expect(await run(["check", "-p", "ann", "--url", "http://127.0.0.1:1", "--data", "a.yaml", "GET", "/x"])).toMatchObject({ code: 2, out: "" })
  })
})

describe("version", () => {
  it("prints ours and Node's, as JSON when asked", async () => {
    expect((await run(["version"])).out).toMatch(/^portcullis \d+\.\d+\.\d+ \(Node /)
    expect(JSON.parse((await run(["version", "-o", "json"])).out)).toEqual({ portcullis: expect.any(String), node: process.versions.node })
  })
})

describe("config", () => {
  it("prints every value with its origin", async () => {
    const config = file("portcullis.yaml", "profile: nemo\n")
    const { code, out } = await run(["config", "-c", config, "--listen", "127.0.0.1:9"], { environment: { PORTCULLIS_LOG__LEVEL: "warn" } })
    expect(code).toBe(0)
    expect(out).toMatch(/^profile +nemo +portcullis\.yaml:1$/m)
    expect(out).toMatch(/^server\.listen +127\.0\.0\.1:9 +flag --listen$/m)
    expect(out).toMatch(/^log\.level +warn +env PORTCULLIS_LOG__LEVEL$/m)
    expect(out).toMatch(/^auth\.scopes +strict +default$/m)
  })

  it("prints YAML and JSON that say the same", async () => {
    const yaml = await run(["config", "-o", "yaml"])
    const json = await run(["config", "-o", "json"])
    expect(parse(yaml.out)).toEqual(JSON.parse(json.out))
  })

  it("answers 78 with everything that is wrong, on stderr, without a stack", async () => {
    const { code, out, err } = await run(["config", "-c", file("portcullis.yaml", "profil: nemo\nlog: { level: loud }\n")])
    expect({ code, out }).toEqual({ code: 78, out: "" })
    expect(err).toContain("did you mean 'profile'?")
    expect(err).toContain("log.level")
    expect(err).not.toMatch(/^ +at /m)
  })

  it("answers 78 for a file that is not there", async () => {
    expect(await run(["config", "-c", join(folder, "absent.yaml")])).toMatchObject({ code: 78, out: "" })
  })

  it("prints the reference as Markdown", async () => {
    expect((await run(["config", "reference"])).out).toContain("| `profile` |")
  })
})

describe("data lint", () => {
  it("answers 0 for documents without errors", async () => {
    expect(await run(["data", "lint", file("roles.yaml", roles)])).toMatchObject({ code: 0, out: "" })
  })

  it("answers 1 with file, line and remedy of each error", async () => {
    const broken = file("roles.yaml", roles.replace("[models.read] }\nend", "[models.read], includes: [Owner] }\nend"))
    const { code, out, err } = await run(["data", "lint", broken])
    expect(code).toBe(1)
    expect(out).toContain(`${broken}:3: error dangling-role`)
    expect(err).toContain("1 error(s)")
  })

  it("prints findings as JSON", async () => {
    const { out } = await run(["data", "lint", "--output", "json", file("roles.yaml", `${roles}colour: red\n`)])
    expect(JSON.parse(out)).toEqual([expect.objectContaining({ rule: "unknown-key", severity: "error", line: 6 })])
  })

  it("answers 1 for a file that is not there, without a stack", async () => {
    const { code, err } = await run(["data", "lint", join(folder, "absent.yaml")])
    expect(code).toBe(1)
    expect(err).toContain("absent.yaml")
    expect(err).not.toMatch(/^ +at /m)
  })
})

describe("check", () => {
  const bindings = "version: 1\nbindings:\n  - { principal: ann@example.com, workspace: ml, roles: [Viewer] }\n"

  it("answers 0 and 3 from local files", async () => {
    const files = ["--data", file("roles.yaml", roles), "--bindings", file("bindings.yaml", bindings)]
    expect(await run(["check", "-p", "ann@example.com", ...files, "get", "/models/ml"])).toMatchObject({ code: 0, out: "allowed\n" })
    const denied = await run(["check", "-p", "ben@example.com", ...files, "GET", "/models/ml"])
    expect(denied.code).toBe(3)
    expect(denied.out).toMatch(/^denied: role_/)
  })

  it("takes the bindings of a reference document, and refuses a bindings file beside them", async () => {
    const document = {
      authz: { roles: { Viewer: { permissions: ["models.read"] } }, endpoints: { "/models/{workspace}": { get: { permissions: ["models.read"] } } } },
    }
    const principals = { "ann@example.com": { workspaces: { ml: ["Viewer"] } } }
    const data = file("static.json", JSON.stringify({ authz: { ...document.authz, principals } }))
    const question = ["check", "-p", "ann@example.com", "--data", data, "GET", "/models/ml"]
    expect((await run(question)).code).toBe(0)
    const both = await run([...question, "--bindings", file("bindings.yaml", bindings)])
    expect({ code: both.code, out: both.out }).toEqual({ code: 78, out: "" })
  })

  it("names a bindings file that is not there", async () => {
    const absent = join(folder, "absent.yaml")
    const { code, err } = await run(["check", "-p", "ann", "--bindings", absent, "GET", "/x"])
    expect(code).toBe(1)
    expect(err).toContain(absent)
  })

  it("says that nobody answers, and what to do", async () => {
    const { code, out, err } = await run(["check", "-p", "ann", "--url", "http://127.0.0.1:1", "GET", "/x"])
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toContain("portcullis serve")
  })
})
