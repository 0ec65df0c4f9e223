import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import {
  builtInDocument,
  compileIndex,
  lintAuthorizationData,
  loadAuthorizationData,
  type LoadedAuthorizationData,
} from "../../../src/authorization-data/index.js"

const referenceText = readFileSync(new URL("../../fixtures/reference-static.json", import.meta.url), "utf8")

function load(profile: "hardened" | "nemo", ...texts: readonly string[]): LoadedAuthorizationData {
  return loadAuthorizationData({ documents: texts.map((text, index) => ({ name: `${index}.yaml`, text })), profile })
}

function operation(loaded: LoadedAuthorizationData, method: string, template: string): unknown {
  return loaded.data.endpoints.get(template)?.get(method)
}

const openOperation = { permissions: [], scopes: [], deny: false, public: false, admin: true, all_workspaces: true, permissions_listed: true }

describe("documents in our own format", () => {
  it("are read with their defaults filled in", () => {
    const loaded = load("hardened", "version: 1\nroles: {R: {permissions: [a.b]}}\nendpoints: {/x: {get: {permissions: [a.b]}}}")
    expect(operation(loaded, "GET", "/x")).toEqual({ ...openOperation, permissions: ["a.b"] })
    expect(loaded.data.roles.get("R")).toEqual({ permissions: ["a.b"], includes: [] })
    expect(loaded.findings).toEqual([])
    expect(loaded.added).toEqual([])
  })

  it("carry every attribute", () => {
    const attributes = "permissions: [], scopes: [a:b], callers: [service_principal], deny: true, admin: false, all_workspaces: false"
    const loaded = load("hardened", `version: 1\nendpoints: {/x: {get: {${attributes}}, head: {public: true}}}`)
    expect(operation(loaded, "GET", "/x")).toEqual({
      ...openOperation,
      scopes: ["a:b"],
      callers: ["service_principal"],
      deny: true,
      admin: false,
      all_workspaces: false,
    })
    expect(operation(loaded, "HEAD", "/x")).toEqual({ ...openOperation, public: true, permissions_listed: false })
  })

  it("are merged: roles, endpoints, methods of one endpoint, prefixes", () => {
    const loaded = load(
      "hardened",
      "version: 1\nroles: {A: {includes: [B]}}\nendpoints: {/x: {get: {permissions: []}}}\ndenied_prefixes: [/p]",
      "version: 1\nroles: {B: {}}\nendpoints: {/x: {post: {permissions: []}}}\ndenied_prefixes: [/q]",
    )
    expect([...loaded.data.roles.keys()]).toEqual(["A", "B"])
    expect([...(loaded.data.endpoints.get("/x")?.keys() ?? [])]).toEqual(["GET", "POST"])
    expect(loaded.data.deniedPrefixes).toEqual(["/p", "/q"])
  })

  it.each([
    ["role", "version: 1\nroles: {A: {}}"],
    ["path and method", "version: 1\nendpoints: {/x: {get: {permissions: []}}}"],
  ])("that define the same %s twice are refused", (_, text) => {
    expect(() => load("hardened", text, text)).toThrow(expect.objectContaining({ code: "ERR_AUTHORIZATION_DATA_INVALID" }))
    expect(() => load("hardened", text, text)).toThrow(/1\.yaml:2: error duplicate-definition: .*0\.yaml:2/)
  })

  it("register permissions for each other", () => {
    const registry = "version: 1\npermissions: {a.b: null}"
    expect(load("hardened", registry, "version: 1\nroles: {A: {permissions: [a.b]}}").findings).toEqual([])
    expect(() => load("hardened", registry, "version: 1\nroles: {A: {permissions: [a.c]}}")).toThrow(/unregistered-permission/)
  })

  it("name at most 20 errors when they are refused", () => {
    const roles = Array.from({ length: 30 }, (_, index) => `  R${index}: {includes: [Ghost]}`)
    expect(() => load("hardened", ["version: 1", "roles:", ...roles].join("\n"))).toThrow(/30 error\(s\):(?:\n.*){20}\nand 10 more$/)
  })
})

describe("the built-in document", () => {
  it("decides when there is no other, and is in order", () => {
    const loaded = load("hardened")
    expect([...loaded.data.roles.keys()]).toEqual(["Viewer", "Editor", "Admin", "PlatformAdmin", "WorkspaceCreator", "ServiceSystem"])
    expect(operation(loaded, "GET", "/health/live")).toMatchObject({ public: true })
    expect(loaded.findings).toEqual([])
    expect(loadAuthorizationData({ documents: [builtInDocument], profile: "hardened" }).digest).toBe(loaded.digest)
  })

  it("also decides when only role bindings are given", () => {
    const loaded = load("hardened", "version: 1\nbindings: [{principal: '*', workspace: system, roles: [Viewer, WorkspaceCreator]}]")
    expect(loaded.digest).toBe(load("hardened").digest)
    expect(loaded.bindings).toEqual([
      { principal: "*", workspace: "system", role: "Viewer" },
      { principal: "*", workspace: "system", role: "WorkspaceCreator" },
    ])
  })

  it("is left out unless a document extends it", () => {
    expect(load("hardened", "version: 1").data.endpoints.size).toBe(0)
  })

  it("is added to by a document that extends it, roles of the same name included", () => {
    const loaded = load("hardened", "version: 1\nextends: portcullis\npermissions: {a.b: null}\nroles: {Editor: {permissions: [a.b]}}")
    expect(loaded.data.roles.get("Editor")?.includes).toEqual(["Viewer"])
    expect(loaded.data.roles.get("Editor")?.permissions).toEqual(expect.arrayContaining(["a.b", "entities.create", "workspaces.update"]))
  })

  it("is not overridden: the same path and method is refused", () => {
    expect(() => load("hardened", "version: 1\nextends: portcullis\nendpoints: {/status: {get: {permissions: []}}}")).toThrow(/duplicate-definition/)
  })
})

describe("the digest", () => {
  const whole = "version: 1\nroles: {A: {permissions: [a.b, a.c]}, B: {includes: [A]}}\nendpoints: {/x: {get: {permissions: [a.b]}}}"

  it("does not depend on order, descriptions, format or files", () => {
    const split = [
      "version: 1\nroles: {B: {includes: [A], description: d}}",
      "version: 1\nendpoints: {/x: {get: {permissions: [a.b]}}}\nroles: {A: {permissions: [a.c, a.b]}}",
    ]
    expect(load("hardened", ...split).digest).toBe(load("hardened", whole).digest)
    expect(load("hardened", whole).digest).toMatch(/^[0-9a-f]{16}$/)
  })

  it("depends on everything that decides", () => {
    const operation = { permissions: ["a.b"], scopes: ["a:read"], callers: ["principal"] }
    const document = (changed: object = {}, role: object = {}, rest: object = {}): object => ({
      version: 1,
      roles: { A: { permissions: ["a.b", "a.c"] }, B: { permissions: ["a.b"], ...role } },
      endpoints: { "/x": { get: { ...operation, ...changed } } },
      ...rest,
    })
    const digest = (one: object): string => loadAuthorizationData({ documents: [{ ...one }], profile: "hardened" }).digest
    const others = [
      document({ permissions: ["a.c"] }),
      document({ scopes: ["a:write"] }),
      document({ callers: ["service_principal"] }),
      document({ deny: true }),
      document({ public: true }),
      document({ admin: false }),
      document({ all_workspaces: false }),
      document({}, { permissions: ["a.c"] }),
      document({}, { includes: ["A"] }),
      document({}, {}, { denied_prefixes: ["/y"] }),
      document({}, {}, { denied_prefixes: ["/z"] }),
      document({}, {}, { endpoints: { "/x": { post: operation } } }),
      document({}, {}, { endpoints: { "/y": { get: operation } } }),
    ]
    expect(new Set([document(), ...others].map(digest)).size).toBe(others.length + 1)
    expect(digest(document({ permissions: ["a.b", "a.b"] }))).toBe(digest(document()))
  })
})

describe("the reference's document", () => {
  it.each(["hardened", "nemo"] as const)("is read as it is in the %s profile", (profile) => {
    const loaded = load(profile, referenceText)
    expect(loaded.data.roles.size).toBe(7)
    expect(loaded.findings.filter(({ severity }) => severity === "error")).toEqual([])
    expect(() => compileIndex(loaded.data, { profile })).not.toThrow()
  })

  it("has one tie in the nemo profile, which is none in ours", () => {
    expect(load("nemo", referenceText).findings.map(({ rule }) => rule)).toEqual(["ambiguous-templates"])
    expect(load("hardened", referenceText).findings).toEqual([])
  })

  it("gets nothing added in the nemo profile", () => {
    const loaded = load("nemo", referenceText)
    expect(loaded.added).toEqual([])
    expect(loaded.data.endpoints.size).toBe(96)
  })

  it("yields role bindings, names as they are", () => {
    const loaded = load(
      "hardened",
      "authz: {roles: {R: {}}, principals: {readers: {workspaces: {blue: [R]}}, 'service:x': {workspaces: {blue: [R]}}}}",
    )
    expect(loaded.bindings).toEqual([
      { principal: "readers", workspace: "blue", role: "R" },
      { principal: "service:x", workspace: "blue", role: "R" },
    ])
    expect(loaded.findings.map(({ rule, severity }) => `${severity} ${rule}`)).toEqual(["warning unprefixed-principal"])
  })

  it("may hold more than we know, with a warning, and none of our own attributes", () => {
    const loaded = load("hardened", "authz:\n  extra: 1\n  config: {other: 1}\n  endpoints: {/x: {get: {permissions: [], public: true, x-note: 1}}}")
    expect(loaded.findings.map(({ severity, rule, line }) => `${line} ${severity} ${rule}`)).toEqual([
      "2 warning unknown-key",
      "3 warning unknown-key",
      "4 warning unknown-key",
    ])
    expect(operation(loaded, "GET", "/x")).toMatchObject({ public: false })
  })

  it.each(["version: 1", "extends: portcullis", "roles: {}", "endpoints: {}", "permissions: {}", "denied_prefixes: [/a]", "bindings: []"])(
    "is refused when '%s' of our own format stands beside it",
    (line) => {
      for (const profile of ["hardened", "nemo"] as const)
        expect(lintAuthorizationData({ documents: [{ name: "a.yaml", text: `authz: {}\n${line}` }], profile }).findings).toMatchObject([
          { severity: "error", rule: "unknown-key", line: 2 },
        ])
    },
  )

  it("is open to both kinds of callers where its list of them is empty, with a warning", () => {
    const loaded = load("hardened", "authz: {endpoints: {/x: {get: {permissions: [], callers: []}}}}")
    expect(operation(loaded, "GET", "/x")).toEqual(openOperation)
    expect(loaded.findings).toMatchObject([{ severity: "warning", rule: "unsupported-value" }])
  })

  it("stays closed where an operation lists no permissions", () => {
    const loaded = load("hardened", "authz: {endpoints: {/x: {get: {}}}}")
    expect(operation(loaded, "GET", "/x")).toMatchObject({ permissions_listed: false })
    expect(loaded.findings.map(({ rule }) => rule)).toEqual(["missing-permissions"])
  })

  it("keeps its denied prefixes, a slash at the end removed in the hardened profile", () => {
    const text = "authz: {config: {denied_plugin_prefixes: [/apis/p/]}}"
    expect(load("hardened", text).data.deniedPrefixes).toEqual(["/apis/p"])
    expect(load("nemo", text).data.deniedPrefixes).toEqual(["/apis/p/"])
  })
})
