import { describe, expect, it } from "vitest"
import { lintAuthorizationData, loadAuthorizationData } from "../../../src/authorization-data/index.js"

function rules(text: string, name = "data.yaml"): readonly string[] {
  return lintAuthorizationData({ documents: [{ name, text }], profile: "hardened" }).findings.map(({ rule, line }) => `${line} ${rule}`)
}

describe("a document", () => {
  it("may be JSON, and its lines are counted", () => {
    expect(rules('{\n  "version": 1,\n  "rolse": {}\n}', "data.json")).toEqual(["3 unknown-key"])
  })

  it("may be YAML in braces", () => {
    expect(rules("{version: 1,\n roles: {}}")).toEqual([])
  })

  it.each(['{"version": 1,}', '{"version": 1', '{"version": 01}', '{"version": 1} x', '{"a\nb": 1}', "{'version': 1}"])(
    "is refused as JSON when it is not: %s",
    (text) => {
      expect(rules(text, "data.json")).toEqual([expect.stringMatching(/^\d+ syntax$/)])
    },
  )

  it("names a duplicate JSON key, escapes decoded", () => {
    expect(rules('{"version": 1, "roles": {"A": {},\n"\\u0041": {}}}', "data.json")).toEqual(["2 duplicate-key"])
  })

  it("may have a role called __proto__, which is a name like any other", () => {
    const text = '{"version": 1, "roles": {"__proto__": {"permissions": ["a.b"]}}, "endpoints": {}}'
    const { data } = loadAuthorizationData({ documents: [{ name: "data.json", text }], profile: "hardened" })
    expect([...data.roles]).toEqual([["__proto__", { permissions: ["a.b"], includes: [] }]])
    expect(Object.prototype).not.toHaveProperty("permissions")
  })

  it("may use YAML aliases", () => {
    const text = "version: 1\nroles: {A: {permissions: &p [a.b]}, B: {permissions: *p}}"
    const { data } = loadAuthorizationData({ documents: [{ name: "a.yaml", text }], profile: "hardened" })
    expect(data.roles.get("B")?.permissions).toEqual(["a.b"])
  })

  it("whose aliases multiply is refused", () => {
    const levels = Array.from({ length: 30 }, (_, level) => `a${level + 1}: &a${level + 1} [${Array(10).fill(`*a${level}`).join(", ")}]`)
    expect(rules(["a0: &a0 [x]", ...levels].join("\n"))).toEqual([expect.stringMatching(/too-large$/)])
  })

  it("whose alias stands for itself is refused", () => {
    expect(rules("version: 1\nroles: &r {A: *r}")).toEqual(["2 syntax"])
  })

  it.each([
    ["JSON", `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`, "a.json"],
    ["YAML", `a: ${"[".repeat(200)}${"]".repeat(200)}`, "a.yaml"],
  ])("nested without end is refused as %s", (_, text, name) => {
    expect(rules(text, name)).toEqual(["1 too-large"])
  })

  it("nested so deeply that the stack is exhausted is refused", () => {
    expect(rules(`a: ${"[".repeat(50_000)}${"]".repeat(50_000)}`)).toEqual([expect.stringMatching(/syntax|too-large/)])
  })

  it("of more than 16 MiB is refused, YAML of more than 4 MiB", () => {
    expect(rules(`{"a": "${"x".repeat(16 * 1024 * 1024)}"}`, "a.json")).toEqual(["1 too-large"])
    expect(rules(`a: ${"x".repeat(4 * 1024 * 1024)}`)).toEqual(["1 too-large"])
  })

  it.each([
    ["version: 1\nroles:\n  A: &a {permissions: [a.b]}\n  B: {<<: *a}", "4 syntax"],
    ["version: 1\nroles: {}\n<<: {denied_prefixes: [/a]}", "3 syntax"],
    ["version: 1\nendpoints:\n  /a:\n    get: {public: !!bool true}", "4 syntax"],
    ["version: 1\nroles:\n  A: {permissions: !!seq [a.b]}", "3 syntax"],
    ["version: 1\nroles: !!map {}", "2 syntax"],
    ["version: 1\nroles: {!!str A: {}}", "2 syntax"],
    ["%YAML 1.1\n---\nversion: 1", "1 syntax"],
  ])("with merge keys, tags or of YAML 1.1 is refused: %j", (text, finding) => {
    expect(rules(text)).toEqual([finding])
  })

  it("that says it is YAML 1.2 is read", () => {
    expect(rules("%YAML 1.2\n---\nversion: 1")).toEqual([])
  })

  it("with several YAML documents or with tags is refused", () => {
    expect(rules("version: 1\n---\nversion: 1")).toEqual([expect.stringMatching(/syntax$/)])
    expect(rules("version: !!js/function x")).toEqual(["1 syntax"])
  })

  it("with half a surrogate pair is refused", () => {
    expect(rules('{"version": 1, "roles": {"\\ud800": {}}}', "a.json")).toEqual(["1 syntax"])
    expect(rules('version: 1\nroles: {"\\ud800": {}}')).toEqual(["2 syntax"])
  })

  it("may begin with a byte order mark", () => {
    expect(rules("\ufeffversion: 1")).toEqual([])
  })

  it("that is empty has no version", () => {
    expect(rules("")).toEqual(["1 unsupported-value"])
  })

  it("passed as an object has no lines", () => {
    const findings = lintAuthorizationData({ documents: [{ version: 1 }, { version: 1, rolse: {} }], profile: "hardened" }).findings
    expect(findings).toMatchObject([{ rule: "unknown-key", file: "document 2", line: 0 }])
  })

  it("passed as an object is no text with a name when it holds more", () => {
    const found = (document: object) => lintAuthorizationData({ documents: [{ ...document }], profile: "hardened" }).findings
    expect(found({ name: "a.yaml", text: "version: 1" })).toEqual([])
    expect(found({ name: "a.yaml", text: "version: 1", version: 1 }).map(({ file, rule }) => `${file} ${rule}`)).toEqual([
      "document 1 unknown-key",
      "document 1 unknown-key",
    ])
  })

  it("passed as an object that is not JSON is refused", () => {
    const loop: Record<string, unknown> = { version: 1 }
    loop.roles = loop
    expect(lintAuthorizationData({ documents: [loop], profile: "hardened" }).findings).toMatchObject([{ rule: "syntax", severity: "error" }])
  })
})
