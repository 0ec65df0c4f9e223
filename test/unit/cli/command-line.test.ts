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
    expect(JSON.parse(out)).toEqual({ findings: [expect.objectContaining({ rule: "unknown-key", severity: "error", line: 6 })], added: [] })
  })

  it("lists what the loader adds to a reference document, without counting it", async () => {
    const document = file("static.json", JSON.stringify({ authz: { endpoints: { "/status": { get: { permissions: [] } } } } }))
    const { code, out, err } = await run(["data", "lint", document])
    expect({ code, err }).toEqual({ code: 0, err: "0 error(s), 0 warning(s) in 1 file(s)\n" })
    expect(out).toMatch(/^added: GET \/status: public$/m)
    expect(JSON.parse((await run(["data", "lint", "-o", "json", document])).out).added).toContainEqual(expect.stringContaining("GET /status"))
    expect(parse((await run(["data", "lint", "-o", "yaml", document])).out).findings).toEqual([])
    expect((await run(["data", "lint", "--profile", "nemo", document])).out).toBe("")
  })

  describe("of a file of role bindings", () => {
    const lint = async (name: string, text: string) => (await run(["data", "lint", file("roles.yaml", roles), file(name, text)])).out
    const row = (principal: string, more = "") => `{"principal":"${principal}@example.com","workspace":"ml","roles":["Viewer"]${more}}`

    it("finds nothing in what loads", async () => {
      const rows = [row("ann", ',"expires_at":"2030-01-31T12:00:00Z"'), row("ben")]
      expect(await lint("bindings.ndjson", `${rows.join("\n")}\n`)).toBe("")
      expect(await lint("bindings.json", `{"version":1,"bindings":[${rows.join()}]}`)).toBe("")
      expect(await lint("bindings.yaml", `version: 1\nbindings:\n${rows.map((text) => `  - ${text}\n`).join("")}`)).toBe("")
    })

    it("goes on after a wrong row, and looks at the roles of the other files", async () => {
      const out = await lint(
        "bindings.jsonl",
        [row("ann", ',"colour":1'), row("ben").replace("Viewer", "Veiwer"), row("cy"), row("cy"), ""].join("\n"),
      )
      expect(out).toMatch(/bindings\.jsonl:1: error malformed-binding: the key "colour" is unknown/)
      expect(out).toMatch(/bindings\.jsonl:2: error dangling-role: .*did you mean 'Viewer'/)
      expect(out).toMatch(/bindings\.jsonl:4: warning duplicate-binding/)
      expect(out.split("\n")).toHaveLength(4)
    })

    it("refuses what fileSource refuses: aliases, sizes, endings", async () => {
      expect(await lint("bindings.yaml", "version: 1\nbindings:\n  - &a {principal: a@b, workspace: ml, roles: [Viewer]}\n  - *a\n")).toContain(
        "alias",
      )
      expect(await lint("bindings.yaml", `version: 1\nbindings: []\n${"# padding\n".repeat(110_000)}`)).toContain("too-large")
      expect(await lint("bindings.txt", "version: 1\nbindings: []\n")).toContain("names no format")
      expect(await lint("bindings.ndjson", "nonsense")).toContain("bindings.ndjson:1: error syntax")
      expect(await lint("bindings.ndjson", "")).toContain("is empty")
    })

    it("stops at a thousand findings", async () => {
      const out = await lint("bindings.ndjson", Array.from({ length: 1_100 }, (_, at) => row(`p${at}`).replace("Viewer", "Ghost")).join("\n"))
      expect(out.split("\n")).toHaveLength(1_002)
      expect(out).toContain("more than 1000 findings")
    })
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
    expect(await run(["check", "-p", "ann@example.com", ...files, "GET", "/models/ml"])).toMatchObject({ code: 0, out: "allowed\n" })
    const denied = await run(["check", "-p", "ben@example.com", ...files, "GET", "/models/ml"])
    expect(denied.code).toBe(3)
    expect(denied.out).toBe(
      "denied: role_missing\n  needs models.read in 'ml'\n  ben@example.com holds no role there\n  matches GET /models/{workspace}\n",
    )
  })

  describe("says why it denies", () => {
    const text = `${roles}    delete: { permissions: [models.delete], scopes: [models:write] }\n  /closed: { get: { deny: true } }\n  /people: { get: { permissions: [], callers: [principal] } }\n`
    const data = () =>
      file(
        "roles.yaml",
        text
          .replace("endpoints:", "  Owner: { permissions: [models.delete] }\nendpoints:")
          .replace("{ get: { permissions: [models.read] } }", "\n    get: { permissions: [models.read] }"),
      )
    const check = (principal: string, ...args: readonly string[]) =>
      run(["check", "-p", principal, "--data", data(), "--bindings", file("bindings.yaml", bindings), ...args])

    it.each<[string, readonly string[], readonly string[]]>([
      [
        "ann@example.com",
        ["DELETE", "/models/ml"],
        ["needs models.delete in 'ml'", "ann@example.com holds Viewer there", "matches DELETE /models/{workspace}"],
      ],
      ["ann@example.com", ["-s", "openid", "DELETE", "/models/ml"], ["needs one of the scopes models:write; presented: openid"]],
      ["ann@example.com", ["-s", "", "DELETE", "/models/ml"], ["needs one of the scopes models:write; presented: none"]],
      [
        "ann@example.com",
        ["get", "/models/ml"],
        ["/models/{workspace} has no operation 'get'", "the method is compared as it is: 'get' is not 'GET'"],
      ],
      ["ann@example.com", ["GET", "/nothing"], ["no path template of the authorization data matches this path", "rule D1 decides"]],
      ["ann@example.com", ["GET", "/models/../ml"], ["the path is not canonical"]],
      ["ann@example.com", ["GET", "/closed"], ["the operation is denied for everybody", "rule D2 decides"]],
      ["service:x", ["GET", "/people"], ["the operation is not for a service", "rule D3 decides"]],
      ["", ["GET", "/models/ml"], ["nobody is known to ask, and the operation is not public"]],
      ["service:x", ["--on-behalf-of", "ben@example.com", "GET", "/models/ml"], ["'ben@example.com' may not do this: both must be allowed"]],
      ["ann@example.com", ["--on-behalf-of", "ben@example.com", "GET", "/models/ml"], ["only a service may act on behalf of somebody"]],
    ])("to %s for %s", async (principal, args, lines) => {
      const { code, out } = await check(principal, ...args)
      expect(code).toBe(3)
      for (const line of lines) expect(out).toContain(`\n  ${line}`)
    })

    it("with all facts as JSON and YAML", async () => {
      const facts = {
        allowed: false,
        reasons: ["role_insufficient"],
        endpoint: "/models/{workspace}",
        workspace: "ml",
        missing_permissions: ["models.delete"],
      }
      expect(JSON.parse((await check("ann@example.com", "-o", "json", "DELETE", "/models/ml")).out)).toMatchObject(facts)
      expect(parse((await check("ann@example.com", "-o", "yaml", "DELETE", "/models/ml")).out)).toMatchObject(facts)
    })
  })

  it("allows a service that asks for somebody who may", async () => {
    const files = ["--data", file("roles.yaml", roles.replace("endpoints", '  ServiceSystem: { permissions: ["*"] }\nendpoints'))]
    const asked = ["--on-behalf-of", "x", "--on-behalf-of-email", "ann@example.com", "--on-behalf-of-group", "readers", "GET", "/models/ml"]
    expect((await run(["check", "-p", "service:x", ...files, "--bindings", file("bindings.yaml", bindings), ...asked])).code).toBe(0)
  })

  it("decides here when PORTCULLIS_CONFIG names a configuration, unless --url is given", async () => {
    file("roles.yaml", roles)
    file("bindings.yaml", bindings)
    const config = file("portcullis.yaml", "data: [roles.yaml]\nstore: { source: file, path: bindings.yaml }\n")
    const environment = { PORTCULLIS_CONFIG: config, PORTCULLIS_URL: "http://127.0.0.1:1" }
    const question = ["check", "-p", "ann@example.com", "GET", "/models/ml"]
    expect(await run(question, { environment })).toMatchObject({ code: 0, out: "allowed\n" })
    expect(await run([...question, "--url", "http://127.0.0.1:1"], { environment })).toMatchObject({ code: 1, out: "" })
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
