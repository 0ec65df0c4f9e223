import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { loadAuthorizationData, type LoadedAuthorizationData, type Operation } from "../../../src/authorization-data/index.js"

const referenceText = readFileSync(new URL("../../fixtures/reference-static.json", import.meta.url), "utf8")

function load(...documents: readonly (string | Record<string, unknown>)[]): LoadedAuthorizationData {
  return loadAuthorizationData({
    documents: documents.map((document) => (typeof document === "string" ? { name: "reference.json", text: document } : document)),
    profile: "hardened",
  })
}

function withEndpoints(...templates: readonly string[]): LoadedAuthorizationData {
  const operations = { get: { permissions: [] }, patch: { permissions: [] } }
  return load(JSON.stringify({ authz: { endpoints: Object.fromEntries(templates.map((template) => [template, operations])) } }))
}

function operation(loaded: LoadedAuthorizationData, method: string, template: string): Operation | undefined {
  return loaded.data.endpoints.get(template)?.get(method)
}

const servicesOnly = ["service_principal"]

describe("the hardened profile adds to a reference document", () => {
  const reference = load(referenceText)

  it.each(["/health/live", "/health/ready", "/status", "/metrics", "/cluster-info", "/apis/auth/discovery"])("GET and HEAD of %s, public", (path) => {
    expect(operation(reference, "GET", path)).toMatchObject({ public: true })
    expect(operation(reference, "HEAD", path)).toMatchObject({ public: true })
    expect(reference.added).toEqual(expect.arrayContaining([`GET ${path}: public`, `HEAD ${path}: public`]))
  })

  it("services only, without PlatformAdmin, for the values of secrets", () => {
    const access = "/apis/secrets/v2/workspaces/{workspace}/secrets/{name}/access"
    expect(operation(reference, "GET", access)).toMatchObject({ callers: servicesOnly, admin: false })
    expect(operation(reference, "GET", "/apis/secrets/v2/workspaces/{workspace}/secrets/{name}")).not.toHaveProperty("callers")
    expect(reference.added).toContain(`GET ${access}: callers [service_principal], admin false (secret values)`)
  })

  it("services only, and PlatformAdmin, for entities outside workspaces, members, projects and entities", () => {
    expect(operation(reference, "GET", "/apis/entities/v2/entities/{id}")).toMatchObject({ callers: servicesOnly, admin: true })
    for (const template of ["", "/{name}", "/{workspace}/members", "/{workspace}/projects/{name}", "/{workspace}/entities/{entity_type}"])
      expect(operation(reference, "GET", `/apis/entities/v2/workspaces${template}`)).not.toHaveProperty("callers")
  })

  it("the same for members, projects and entities of all workspaces", () => {
    expect(operation(reference, "GET", "/apis/entities/v2/workspaces/-/members")).toMatchObject({
      callers: servicesOnly,
      admin: true,
      permissions: ["workspaces.members.list"],
    })
  })

  it("nothing to deny rules: what is denied stays denied", () => {
    const loaded = load(JSON.stringify({ authz: { endpoints: { "/status": { get: { permissions: [], deny: true } } } } }))
    expect(operation(loaded, "GET", "/status")).toMatchObject({ deny: true, public: false })
  })

  it("nothing public where a document of our own says otherwise", () => {
    const own = { version: 1, endpoints: { "/metrics": { get: { permissions: ["models.read"] } } } }
    const loaded = load(referenceText, own)
    expect(operation(loaded, "GET", "/metrics")).toMatchObject({ public: false, permissions: ["models.read"] })
    expect(operation(loaded, "HEAD", "/metrics")).toBeUndefined()
    expect(loaded.added).not.toContain("HEAD /metrics: public")
  })

  it("nothing to documents of our own", () => {
    const own = { version: 1, endpoints: { "/apis/entities/v2/entities/{id}": { put: { permissions: [] } } } }
    expect(operation(load(referenceText, own), "PUT", "/apis/entities/v2/entities/{id}")).not.toHaveProperty("callers")
  })
})

describe("the hardened profile restricts, and warns about", () => {
  it.each(["/apis/x/v2/workspaces/{workspace}/{kind}/{name}/access", "/apis/x/v2/{collection}/{name}/secrets/{secret}/{action}", "/apis/x/-/{rest}"])(
    "a template that may match the value of a secret: %s",
    (template) => {
      const loaded = withEndpoints(template)
      expect(operation(loaded, "GET", template)).toMatchObject({ callers: servicesOnly, admin: false })
      expect(loaded.findings.map(({ rule, severity }) => `${severity} ${rule}`)).toContain("warning restricted-template")
    },
  )

  it.each(["/apis/entities/v2/{collection}", "/apis/{area}/v2/things/{id}", "/apis/entities/v2/workspaces/{workspace}/{kind}"])(
    "a template that may match a nested entity: %s",
    (template) => {
      const loaded = withEndpoints(template)
      expect(operation(loaded, "GET", template)).toMatchObject({ callers: servicesOnly, admin: true })
      expect(loaded.findings.map(({ rule }) => rule)).toContain("restricted-template")
    },
  )

  it.each([
    "/apis/x/v2/workspaces/{workspace}/secrets/{name}",
    "/apis/x/v2/workspaces/{workspace}/secrets/{name}/access/log",
    "/apis/{area}/v1/things/{id}",
  ])("but not: %s", (template) => {
    const loaded = withEndpoints(template)
    expect(operation(loaded, "GET", template)).not.toHaveProperty("callers")
    expect(loaded.findings).toEqual([])
  })

  it("methods that the reference does not leave open to persons", () => {
    const loaded = withEndpoints("/apis/entities/v2/workspaces", "/apis/entities/v2/workspaces/{name}")
    expect(operation(loaded, "GET", "/apis/entities/v2/workspaces")).not.toHaveProperty("callers")
    expect(operation(loaded, "PATCH", "/apis/entities/v2/workspaces")).toMatchObject({ callers: servicesOnly })
    expect(operation(loaded, "PATCH", "/apis/entities/v2/workspaces/{name}")).toMatchObject({ callers: servicesOnly })
  })

  it("an operation for persons only, by denying it", () => {
    const template = "/apis/x/v2/workspaces/{workspace}/secrets/{name}/access"
    const loaded = load(JSON.stringify({ authz: { endpoints: { [template]: { get: { permissions: [], callers: ["principal"] } } } } }))
    expect(operation(loaded, "GET", template)).toMatchObject({ deny: true })
  })

  it("all workspaces of a trailing template", () => {
    const template = "/apis/entities/v2/workspaces/{workspace}/entities/-/{path}"
    const loaded = withEndpoints(template)
    expect(operation(loaded, "GET", template)).toMatchObject({ all_workspaces: false })
  })
})
