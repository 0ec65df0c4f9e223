import { describe, expect, it } from "vitest"
import { Config } from "../../../src/config/schema.js"
import { lintAuthorizationData, type Finding } from "../../../src/authorization-data/index.js"

function lint(text: string, profile: "hardened" | "nemo" = "hardened", name = "data.yaml"): readonly Finding[] {
  return lintAuthorizationData({ documents: [{ name, text }], profile }).findings
}

function brief(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ severity, rule, file, line }) => `${file}:${line} ${severity} ${rule}`)
}

/** A document that is in order, in which one line is replaced. */
function documentWith(line: number, text: string): string {
  const lines = [
    "version: 1",
    "roles:",
    "  Reader: {permissions: [docs.read]}",
    "  Writer: {includes: [Reader], permissions: [docs.create]}",
    "endpoints:",
    "  /docs/{name}:",
    "    get: {permissions: [docs.read], scopes: [docs:read]}",
    "  /docs:",
    "    post: {permissions: [docs.create]}",
  ]
  return lines.with(line - 1, text).join("\n")
}

describe("data lint names file and line of", () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ["nothing when all is in order", documentWith(1, "version: 1"), []],
    ["text that is neither YAML nor JSON", documentWith(3, "  Reader: {permissions: [docs.read"), ["data.yaml:4 error syntax"]],
    ["a version that is not supported", documentWith(1, "version: 2"), ["data.yaml:1 error unsupported-value"]],
    ["a document without a version", "roles: {}", ["data.yaml:1 error unsupported-value"]],
    [
      "a duplicate key",
      documentWith(4, "  Reader: {permissions: [docs.create]}"),
      ["data.yaml:4 error duplicate-key", "data.yaml:9 error unreachable-operation"],
    ],
    ["a duplicate method", documentWith(8, "    get: {permissions: [docs.read]}").replace("post", "put"), ["data.yaml:8 error duplicate-key"]],
    ["an unknown top-level key", documentWith(5, "endpoint:"), ["data.yaml:5 error unknown-key"]],
    ["an unknown key of a role", documentWith(4, "  Writer: {include: [Reader], permissions: [docs.create]}"), ["data.yaml:4 error unknown-key"]],
    ["an unknown key of an operation", documentWith(9, "    post: {permissions: [docs.create], scope: []}"), ["data.yaml:9 error unknown-key"]],
    [
      "a value of the wrong type",
      documentWith(4, "  Writer: {permissions: docs.create}"),
      ["data.yaml:4 error wrong-type", "data.yaml:9 error unreachable-operation"],
    ],
    ["a flag that is no boolean", documentWith(9, "    post: {permissions: [docs.create], deny: yes}"), ["data.yaml:9 error wrong-type"]],
    ["a dangling role", documentWith(4, "  Writer: {includes: [Raeder], permissions: [docs.create]}"), ["data.yaml:4 error dangling-role"]],
    ["a cycle", documentWith(3, "  Reader: {includes: [Writer], permissions: [docs.read]}"), ["data.yaml:4 error role-cycle"]],
    [
      "nothing for a role that is included twice",
      documentWith(4, "  Writer: {includes: [Reader, More], permissions: [docs.create]}\n  More: {includes: [Reader]}"),
      [],
    ],
    ["a role that includes itself", documentWith(4, "  Writer: {includes: [Writer], permissions: [docs.create]}"), ["data.yaml:4 error role-cycle"]],
    ["a role without a name", documentWith(4, '  "": {permissions: [docs.create]}'), ["data.yaml:4 error malformed-role"]],
    [
      "a malformed permission in a role",
      documentWith(4, "  Writer: {permissions: [docs.create, Docs.read]}"),
      ["data.yaml:4 error malformed-permission"],
    ],
    ["a permission of one segment", documentWith(4, "  Writer: {permissions: [docs.create, docs]}"), ["data.yaml:4 error malformed-permission"]],
    [
      "a star in an operation",
      documentWith(9, '    post: {permissions: ["*"]}'),
      ["data.yaml:9 error malformed-permission", "data.yaml:9 error unreachable-operation"],
    ],
    ["a malformed scope", documentWith(7, "    get: {permissions: [docs.read], scopes: [docs.read]}"), ["data.yaml:7 error malformed-scope"]],
    ["a scope with two colons", documentWith(7, "    get: {permissions: [docs.read], scopes: ['a:b:c']}"), ["data.yaml:7 error malformed-scope"]],
    [
      "an unknown kind of caller",
      documentWith(9, "    post: {permissions: [docs.create], callers: [service]}"),
      ["data.yaml:9 error unsupported-value"],
    ],
    ["an empty list of callers", documentWith(9, "    post: {permissions: [docs.create], callers: []}"), ["data.yaml:9 error unsupported-value"]],
    ["an operation without permissions", documentWith(9, "    post: {scopes: [docs:write]}"), ["data.yaml:9 error missing-permissions"]],
    [
      "a public operation with permissions",
      documentWith(9, "    post: {permissions: [docs.create], public: true}"),
      ["data.yaml:9 warning ineffective-permissions"],
    ],
    ["a method in upper case", documentWith(9, "    POST: {permissions: [docs.create]}"), ["data.yaml:9 error unknown-method"]],
    ["a misspelt method", documentWith(9, "    psot: {permissions: [docs.create]}"), ["data.yaml:9 error unknown-method"]],
    ["an unusual method", documentWith(9, "    propfind: {permissions: [docs.create]}"), ["data.yaml:9 warning unknown-method"]],
    ["a permission that no role holds", documentWith(9, "    post: {permissions: [docs.craete]}"), ["data.yaml:9 error unreachable-operation"]],
    [
      "a permission that only * covers, without a registry",
      documentWith(4, '  Writer: {permissions: ["*"]}'),
      ["data.yaml:9 warning unregistered-permission"],
    ],
    [
      "permissions that are not registered",
      `${documentWith(1, "version: 1")}\npermissions: {docs.read: Reads.}`,
      ["data.yaml:4 error unregistered-permission", "data.yaml:9 error unregistered-permission"],
    ],
    [
      "an operation under a denied prefix",
      `${documentWith(1, "version: 1")}\ndenied_prefixes: [/docs]`,
      ["data.yaml:7 warning unreachable-operation", "data.yaml:9 warning unreachable-operation"],
    ],
    ["a denied prefix that denies everything", `${documentWith(1, "version: 1")}\ndenied_prefixes: [/]`, ["data.yaml:10 error malformed-prefix"]],
    ["a denied prefix with a slash at its end", `${documentWith(1, "version: 1")}\ndenied_prefixes: [/x/]`, ["data.yaml:10 error malformed-prefix"]],
    [
      "a denied prefix that escapes could get around",
      `${documentWith(1, "version: 1")}\ndenied_prefixes: [/a+b]`,
      ["data.yaml:10 error malformed-prefix"],
    ],
    ["two templates that differ in a placeholder's name", documentWith(8, "  /docs/{id}:"), ["data.yaml:8 error ambiguous-templates"]],
  ]
  it.each(cases)("%s", (_, text, expected) => {
    expect(brief(lint(text))).toEqual(expected)
  })

  it("an unknown document that can be extended", () => {
    expect(brief(lint("version: 1\nextends: portcullus"))).toEqual(["data.yaml:2 error unsupported-value"])
  })

  it.each([
    "docs",
    "/docs/",
    "/docs//x",
    "/docs/../x",
    "/docs/{name}.txt",
    "/docs/{path:path}",
    "/docs/{}",
    "/docs/a b",
    "/docs/a;b",
    "/docs/a#b",
    "/docs/a?b=c",
    "/docs/a%2Fb",
    "/docs/a%41b",
    "/docs/a%zz",
    "/docs/ä",
    "/docs/{x}/{x}",
    "/docs/-/{path}/more",
  ])("the malformed template %s", (template) => {
    expect(brief(lint(documentWith(8, `  ${JSON.stringify(template)}:`)))).toEqual(["data.yaml:8 error malformed-template"])
  })

  it.each(["/", "/docs/a%20b", "/docs/-/v1/{name}", "/docs/-/{path}", "/docs/a.b:c@d", "/docs/%C3%A4"])("nothing for the template %s", (template) => {
    expect(brief(lint(documentWith(8, `  ${JSON.stringify(template)}:`)))).toEqual([])
  })

  it("a remedy that names the nearest known name", () => {
    expect(lint(documentWith(4, "  Writer: {includes: [Raeder], permissions: [docs.create]}"))[0]?.remedy).toContain("Reader")
    expect(lint(documentWith(5, "endpoint:"))[0]?.remedy).toContain("endpoints")
    expect(lint(documentWith(9, "    psot: {permissions: [docs.create]}"))[0]?.remedy).toContain("post")
    expect(lint(documentWith(9, "    post: {permissions: [docs.craete]}"))[0]?.remedy).toContain("docs.create")
  })
})

it("a chain of 20,000 roles is read without trouble", () => {
  const roles = Array.from({ length: 20_000 }, (_, index) => `"R${index}": {"includes": ["R${index + 1}"]}`)
  expect(lint(`{"version": 1, "roles": {${roles.join(",")}, "R20000": {}}}`)).toEqual([])
  expect(lint(`{"version": 1, "roles": {${roles.join(",")}, "R20000": {"includes": ["R0"]}}}`).map(({ rule }) => rule)).toEqual(["role-cycle"])
})

describe("a document that is something else", () => {
  it("is told once when it is a configuration", () => {
    const findings = lint("profile: nemo\ndata: [roles.yaml]\nserver: {listen: 127.0.0.1:1}")
    expect(findings).toMatchObject([{ rule: "unsupported-value", line: 1, message: expect.stringContaining("configuration") }])
  })

  it("and is broken JSON is told on one line", () => {
    const [finding] = lint('{"version": 1,\n "roles": {\n  oops\n}}', "hardened", "data.json")
    expect(finding).toMatchObject({ rule: "syntax", line: 3, message: expect.not.stringContaining("\n") })
  })

  it("is never corrected to an invalid permission", () => {
    const text = documentWith(4, "  Writer: {permissions: [Docs.create]}")
    const unreachable = lint(text).find(({ rule }) => rule === "unreachable-operation")
    expect(unreachable?.remedy).not.toContain("Docs.create")
  })
})

it("a configuration is known by the keys that it has", () => {
  const keys = Object.keys(Config.shape)
  for (const key of keys) expect(lint(`${key}: x`)).toMatchObject([{ message: expect.stringContaining("configuration") }])
})

describe("the nemo profile", () => {
  it("only warns about what the reference tolerates", () => {
    const text = [
      "authz:",
      "  permissions: {docs: {read: {}}}",
      "  roles:",
      "    Reader: {includes: [Ghost, Reader], permissions: [docs.write]}",
      "  endpoints:",
      "    /docs/{a}/-/{rest}: {get: {permissions: [docs.read]}}",
      "    /docs/{a}/-/x/{b}: {get: {permissions: [docs.read]}}",
    ].join("\n")
    expect(brief(lint(text, "nemo"))).toEqual([
      "data.yaml:4 warning dangling-role",
      "data.yaml:4 warning unregistered-permission",
      "data.yaml:4 warning role-cycle",
      "data.yaml:6 warning unreachable-operation",
      "data.yaml:7 warning unreachable-operation",
      "data.yaml:7 warning ambiguous-templates",
    ])
    expect(brief(lint(text)).filter((line) => line.includes("error"))).toEqual([
      "data.yaml:4 error dangling-role",
      "data.yaml:4 error unregistered-permission",
      "data.yaml:4 error role-cycle",
    ])
  })

  it("finds a template that one of fewer placeholders leaves nothing", () => {
    const text = "version: 1\nendpoints:\n  /a/-/{x}/{y}: {get: {permissions: []}}\n  /a/-/{rest}: {get: {permissions: []}}"
    expect(brief(lint(text, "nemo"))).toEqual(["data.yaml:3 warning malformed-template", "data.yaml:3 warning unreachable-operation"])
  })

  it("keeps malformed ids as errors, as the reference does", () => {
    expect(brief(lint("authz:\n  roles:\n    R: {permissions: [Docs.Read]}", "nemo"))).toEqual(["data.yaml:3 error malformed-permission"])
  })
})

describe("role bindings", () => {
  const text = [
    "version: 1",
    "bindings:",
    "  - {principal: ann@example.com, workspace: ml, roles: [Viewer]}",
    "  - {principal: readers, workspace: ml, roles: [Viewer]}",
    "  - {principal: 'group:readers', workspace: ml, roles: [Veiwer]}",
    "  - {principal: bo@example.com, workspace: '-', roles: [Viewer]}",
    "  - {principal: cy@example.com, workspace: ml, roles: [Viewer], expires_at: never}",
    "  - {principal: cy@example.com, workspace: ml}",
  ].join("\n")

  it("are checked with their lines", () => {
    expect(brief(lint(text, "hardened", "bindings.yaml"))).toEqual([
      "bindings.yaml:4 warning unprefixed-principal",
      "bindings.yaml:5 error dangling-role",
      "bindings.yaml:6 error malformed-binding",
      "bindings.yaml:7 error malformed-binding",
      "bindings.yaml:8 error malformed-binding",
    ])
  })

  it("may name one role, and an end", () => {
    const row = '  - {principal: cy@example.com, workspace: ml, role: Viewer, expires_at: "2030-01-31T12:00:00Z"}'
    expect(brief(lint(`version: 1\nbindings:\n${row}`))).toEqual([])
    expect(brief(lint(`version: 1\nbindings:\n${row.replace("role:", "roles: [], role:")}`))).toEqual([
      "data.yaml:3 error malformed-binding",
      "data.yaml:3 warning ineffective-binding",
    ])
  })

  it("are told when they give nothing, and when they stand there twice", () => {
    const rows = [
      "{principal: 'group:', workspace: ml, roles: [Viewer]}",
      "{principal: 'service:', workspace: ml, roles: [Viewer]}",
      "{principal: ann@example.com, workspace: ml, roles: []}",
      "{principal: ann@example.com, workspace: ' ml', roles: [Viewer]}",
      "{principal: ann@example.com, workspace: ml, roles: [Viewer]}",
      "{principal: ann@example.com, workspace: ml, roles: [Editor, Viewer]}",
    ]
    expect(brief(lint(`version: 1\nbindings:\n${rows.map((row) => `  - ${row}\n`).join("")}`))).toEqual([
      "data.yaml:3 warning ineffective-binding",
      "data.yaml:4 warning ineffective-binding",
      "data.yaml:5 warning ineffective-binding",
      "data.yaml:6 warning ineffective-binding",
      "data.yaml:8 warning duplicate-binding",
    ])
  })

  it("are told in words what is wrong, once", () => {
    const findings = lint("version: 1\nbindings: [{principal: ann@example.com, roles: [Viewer]}, {principal: '', workspace: ml, roles: [Viewer]}]")
    expect(findings.map(({ message }) => message)).toEqual(["bindings[0] has no workspace", "the binding of '' in 'ml': principal must not be empty"])
  })

  it("may have bare group names in the nemo profile", () => {
    expect(brief(lint(text.split("\n").slice(0, 4).join("\n"), "nemo"))).toEqual([])
  })

  it("do not share a document with roles", () => {
    expect(brief(lint("version: 1\nroles: {}\nbindings: []"))).toEqual(["data.yaml:2 error unknown-key"])
  })
})
