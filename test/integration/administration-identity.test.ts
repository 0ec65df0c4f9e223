import { UnsecuredJWT } from "jose"
import { describe, expect, it } from "vitest"
import { administeredServer, root } from "../fixtures/administered-server.js"
import { testServer } from "../fixtures/test-server.js"

const ann = "ann@example.com"
const workspaces = "/apis/entities/v2/workspaces"
const me = "/apis/auth/authenticate"

function token(claims: Record<string, unknown> = {}): string {
  const now = Math.floor(Date.now() / 1_000)
  return new UnsecuredJWT({ sub: ann, email: ann, iat: now, exp: now + 60, scope: "platform:read platform:write", ...claims }).encode()
}

const bearer = (text: string) => ({ headers: { Authorization: `Bearer ${text}` } })

describe("discovery", () => {
  it("is open to everybody", async () => {
    const { send } = await administeredServer()
    const answer = await send("GET", "/apis/auth/discovery", { headers: { Via: "1.1 proxy", "X-NMP-Principal-Id": "" } })
    expect([answer.status, answer.body]).toEqual([200, { auth_enabled: true, oidc: null }])
    expect((await send("DELETE", "/apis/auth/discovery")).status).toBe(405)
  })
})

describe("who am I", () => {
  it("is answered for headers", async () => {
    const { send } = await administeredServer()
    const headers = {
      "X-NMP-Principal-Id": "service:api",
      "X-NMP-Principal-Groups": "ops, group:x",
      "X-NMP-Principal-On-Behalf-Of": ann,
      "X-NMP-Principal-On-Behalf-Of-Email": ann,
      "X-NMP-Scopes": "a:read b:write",
    }
    expect((await send("GET", me, { headers })).body).toEqual({
      principal: "service:api",
      kind: "service",
      id: "api",
      email: null,
      groups: ["ops"],
      scopes: ["a:read", "b:write"],
      on_behalf_of: ann,
      on_behalf_of_email: ann,
      on_behalf_of_groups: [],
      proof: "principal_headers",
      dropped: ["group:x"],
    })
  })

  it("is answered for a token", async () => {
    const { send } = await administeredServer({ authentication: { allowUnsignedJwt: true } })
    const answer = await send("POST", me, bearer(token({ groups: ["devs"] })))
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        principal: ann,
        kind: "person",
        id: ann,
        email: ann,
        groups: ["devs"],
        scopes: ["platform:read", "platform:write"],
        on_behalf_of: null,
        on_behalf_of_email: null,
        on_behalf_of_groups: [],
        proof: "unsigned_token",
        dropped: [],
      },
    ])
  })

  it("is 401 for nobody", async () => {
    const { send } = await administeredServer()
    for (const headers of [{}, { "X-NMP-Principal-Id": " " }]) {
      const answer = await send("GET", me, { headers })
      expect([answer.status, answer.body["code"], answer.headers["www-authenticate"]]).toEqual([401, "no_credentials", "Bearer"])
    }
  })
})

describe("callers without credentials", () => {
  it("are asked for them, and are told nothing else", async () => {
    const { send } = await administeredServer()
    for (const [method, path] of [
      ["GET", workspaces],
      ["POST", workspaces],
      ["GET", `${workspaces}/no/members`],
      ["DELETE", "/apis/auth/v2/iam/role-bindings/rb-1"],
    ] as const) {
      const answer = await send(method, `${path}?page=x`, { body: "{" })
      expect([answer.status, answer.headers["www-authenticate"], answer.headers["x-should-retry"]]).toEqual([401, "Bearer", "false"])
      expect(answer.body).toEqual({ detail: `${method} ${path} needs a principal; send credentials`, code: "no_credentials" })
    }
  })
})

describe("callers who are denied", () => {
  it("learn what is missing where they hold a role", async () => {
    const { send } = await administeredServer()
    await send("POST", workspaces, { as: root, body: { name: "ml" } })
    await send("POST", `${workspaces}/ml/members`, { as: root, body: { principal: ann, roles: ["Viewer"] } })
    const answer = await send("POST", `${workspaces}/ml/members`, { as: ann, body: { principal: "x" } })
    expect(answer.status).toBe(403)
    expect(answer.body).toEqual({
      detail:
        "POST /apis/entities/v2/workspaces/ml/members is denied: role_insufficient; it needs workspaces.members.create in workspace 'ml'; ask an Admin of 'ml' for a role that allows it",
      code: "role_insufficient",
      reasons: ["role_insufficient"],
      workspace: "ml",
      missing_permissions: ["workspaces.members.create"],
      required_scopes: ["entities:write", "platform:write"],
      decision_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/),
    })
    expect(answer.headers["x-should-retry"]).toBe("false")
    expect(answer.headers["x-portcullis-revision"]).toMatch(/^[0-9a-f]{8}\.\d+$/)
    expect(answer.headers["www-authenticate"]).toBeUndefined()
  })

  it("learn neither roles nor scopes where they hold none, nor whether there is such a workspace", async () => {
    const { send } = await administeredServer()
    await send("POST", workspaces, { as: root, body: { name: "ml" } })
    for (const name of ["ml", "nowhere"]) {
      const answer = await send("GET", `${workspaces}/${name}`, { as: ann })
      expect(answer.body).toEqual({
        detail: `GET /apis/entities/v2/workspaces/${name} is denied: role_missing; ask an Admin of '${name}' for a role that allows it`,
        code: "role_missing",
        reasons: ["role_missing"],
        decision_id: expect.any(String),
      })
    }
  })

  it("for want of scopes are told to ask for some", async () => {
    const { send } = await administeredServer({ authentication: { allowUnsignedJwt: true } })
    const none = await send("GET", workspaces, bearer(token({ scope: undefined })))
    expect([none.status, none.body["code"]]).toEqual([403, "scope_missing"])
    expect(none.body["detail"]).toContain('--scope "platform:read platform:write"')
    expect(none.headers["www-authenticate"]).toBe('Bearer error="insufficient_scope"')
    const known = await send("GET", workspaces, { as: root, headers: { "X-NMP-Scopes": "a:read" } })
    expect([known.status, known.headers["www-authenticate"]]).toEqual([403, 'Bearer error="insufficient_scope", scope="entities:read platform:read"'])
    expect((await send("GET", workspaces, { as: ann, headers: { "X-NMP-Scopes": "" } })).body["code"]).toBe("scope_missing")
    expect((await send("GET", workspaces, { as: ann, headers: { "X-NMP-Scopes": "platform:read" } })).status).toBe(200)
    expect((await send("POST", workspaces, { as: ann, headers: { "X-NMP-Scopes": "platform:read" }, body: { name: "ml" } })).status).toBe(403)
    expect((await send("POST", workspaces, { as: ann, headers: { "X-NMP-Scopes": "*" }, body: { name: "ml" } })).status).toBe(201)
  })

  it("by groups are let in, and services on behalf of persons only as far as the persons", async () => {
    const { send } = await administeredServer()
    await send("POST", workspaces, { as: ann, body: { name: "ml" } })
    await send("POST", `${workspaces}/ml/members`, { as: ann, body: { principal: "group:devs", roles: ["Viewer"] } })
    const read = async (headers: Record<string, string>) => (await send("GET", `${workspaces}/ml`, { headers })).status
    expect(await read({ "X-NMP-Principal-Id": "bob@x", "X-NMP-Principal-Groups": "a, devs" })).toBe(200)
    expect(await read({ "X-NMP-Principal-Id": "b", "X-NMP-Principal-Email": ann })).toBe(200)
    expect(await read({ "X-NMP-Principal-Id": "service:api" })).toBe(200)
    expect(await read({ "X-NMP-Principal-Id": "service:api", "X-NMP-Principal-On-Behalf-Of": "bob@x" })).toBe(403)
    expect(await read({ "X-NMP-Principal-Id": "service:api", "X-NMP-Principal-On-Behalf-Of": ann })).toBe(200)
    expect(await read({ "X-NMP-Principal-Id": root, "X-NMP-Principal-On-Behalf-Of": ann })).toBe(403)
  })
})

describe("credentials that are refused", () => {
  it.each([
    ["Bearer ann@example.com", "token_malformed"],
    ["Bearer abc", "token_malformed"],
    ["Bearer a.b.c", "token_malformed"],
    ["Bearer", "token_malformed"],
    ["Basic YTpi", "token_malformed"],
    [`Bearer ${token()}`, "unsigned_rejected"],
    [`Bearer ${Buffer.from('{"alg":"RS256"}').toString("base64url")}.e30.c2ln`, "bearer_not_configured"],
    [`Bearer ${Buffer.from('{"alg":"NONE"}').toString("base64url")}.e30.`, "algorithm_rejected"],
  ])("%s", async (authorization, code) => {
    const { send } = await administeredServer()
    const answer = await send("GET", workspaces, { headers: { Authorization: authorization } })
    expect([answer.status, answer.body["code"], answer.headers["www-authenticate"], answer.headers["x-should-retry"]]).toEqual([
      401,
      code,
      expect.stringMatching(new RegExp(`^Bearer error="invalid_token", error_description="${code}: [^"]+"$`)),
      "false",
    ])
  })

  it("a token and a header that name different principals", async () => {
    const { send } = await administeredServer({ authentication: { allowUnsignedJwt: true } })
    const both = (as: string) => send("GET", workspaces, { as, ...bearer(token({ sub: "a1" })) })
    expect([(await both("bob")).status, (await both("bob")).body["code"]]).toEqual([400, "principal_mismatch"])
    expect((await both("service:a1")).status).toBe(400)
    expect((await both("a1")).status).toBe(200)
    expect((await both(ann)).status).toBe(200)
  })

  it.each(["Forwarded", "X-Forwarded-For", "Via"])("from behind a proxy (%s) headers and unsigned tokens", async (name) => {
    const { send } = await administeredServer({ authentication: { allowUnsignedJwt: true } })
    const proxied = { [name]: "for=10.0.0.1" }
    const header = await send("GET", workspaces, { as: root, headers: proxied })
    expect([header.status, header.body["code"], header.headers["www-authenticate"]]).toEqual([401, "principal_header_rejected", "Bearer"])
    const unsigned = await send("GET", workspaces, { headers: { ...proxied, Authorization: `Bearer ${token()}` } })
    expect([unsigned.status, unsigned.body["code"]]).toEqual([401, "unsigned_rejected"])
    expect((await send("GET", workspaces, { headers: proxied })).body["code"]).toBe("no_credentials")
  })

  it.each([
    [{ "X-NMP-Principal-Id": ["ann", "root@example.com"] }, "twice"],
    [{ "X-NMP-Principal-Id": "ann,root@example.com" }, "X-NMP-Principal-Id"],
    [{ "X-NMP-Principal-Id": "*" }, "X-NMP-Principal-Id"],
    [{ "X-NMP-Principal-Id": "group:ops" }, "group"],
    [{ "X-NMP-Principal-Id": "service:" }, "service"],
    [{ "X-NMP-Principal-Id": "x".repeat(257) }, "256"],
    [{ "X-NMP-Principal-Id": "a", "X-NMP-Principal-Email": "a" }, "e-mail"],
    [{ "X-NMP-Principal-Id": "a", "X-NMP-Principal-Groups": "a,,b" }, "X-NMP-Principal-Groups"],
    [{ "X-NMP-Principal-Id": "a", "X-NMP-Scopes": "a:read,b:read" }, "spaces"],
  ])("malformed headers: %j", async (headers: Record<string, string | string[]>, named) => {
    const { send } = await administeredServer()
    const answer = await send("GET", workspaces, { headers })
    expect([answer.status, answer.body["code"]]).toEqual([400, "input_invalid"])
    expect(answer.body["detail"]).toContain(named)
  })

  it("more than 100 groups", async () => {
    const { send } = await administeredServer({ authentication: { allowUnsignedJwt: true } })
    const groups = Array.from({ length: 101 }, (_, at) => `g${at}`)
    const header = await send("GET", workspaces, { as: ann, headers: { "X-NMP-Principal-Groups": groups.join() } })
    expect([header.status, header.body["code"]]).toEqual([400, "too_many_groups"])
    const claim = await send("GET", workspaces, bearer(token({ groups })))
    expect([claim.status, claim.body["code"]]).toEqual([400, "too_many_groups"])
  })
})

describe("without a database", () => {
  it("the routes say what is missing", async () => {
    const { url } = await testServer()
    for (const path of [workspaces, `${workspaces}/ml`, `${workspaces}/ml/members`, "/apis/auth/v2/iam/role-bindings", "/apis/auth/v2/iam/changes"]) {
      const answer = await fetch(url + path)
      expect([answer.status, answer.headers.get("x-should-retry")]).toEqual([404, "false"])
      expect(await answer.json()).toEqual({ detail: expect.stringMatching(/read-only source.*store\.source/), code: "not_found" })
    }
    expect((await fetch(`${url}${workspaces}`, { method: "PATCH" })).status).toBe(405)
  })
})
