import { expect, it } from "vitest"
import { identityWorld } from "../fixtures/identity-world.js"

const workspaces = "/apis/entities/v2/workspaces"

it("logs in, is allowed, is too narrow and denied, is refreshed, logs out, and is nobody", async () => {
  const { login, command, doctor, sidecar, idp, store, url } = await identityWorld({ isCompiled: true })
  const asks = (method: string, token: string, body?: object) =>
    sidecar.send(method, workspaces, { headers: { Authorization: `Bearer ${token}` }, ...(body && { body }) })
  const token = async () => (await command(["auth", "token"])).out.trim()

  expect(await login("ann@example.com")).toMatchObject({ code: 0 })
  const first = await token()
  expect(await asks("GET", first)).toMatchObject({ status: 200 })
  expect(await asks("POST", first, { name: "ml-team" })).toMatchObject({ status: 201, body: { propagated: true } })
  expect(await command(["workspaces", "get", "ml-team"])).toMatchObject({ code: 0, err: "" })
  expect(await doctor(["--workspace", "ml-team"])).toMatchObject({ code: 0 })

  expect(await login("ann@example.com", "--scope", "platform:read")).toMatchObject({ code: 0 })
  const narrow = await token()
  expect(await asks("GET", narrow)).toMatchObject({ status: 200 })
  const denied = await asks("POST", narrow, { name: "second" })
  expect(denied).toMatchObject({ status: 403, body: { code: "scope_missing", reasons: ["scope_missing"] } })
  expect(denied.headers["www-authenticate"]).toMatch(/^Bearer error="insufficient_scope"/)
  const refusal = await command(["workspaces", "create", "second"])
  expect(refusal.code).toBe(3)
  expect(refusal.err).toMatch(/scope_missing[^]*portcullis auth login --scope "?platform:read[ ,]platform:write/)

  expect(await command(["auth", "refresh"])).toMatchObject({ code: 0 })
  const renewed = await token()
  expect(renewed).not.toBe(narrow)
  expect(await asks("GET", renewed)).toMatchObject({ status: 200 })
  expect(await asks("POST", renewed, { name: "second" })).toMatchObject({ status: 403, body: { code: "scope_missing" } })
  expect(await login("ann@example.com", "--scope", "platform:read,platform:write")).toMatchObject({ code: 0 })
  expect(await command(["workspaces", "create", "second"])).toMatchObject({ code: 0, err: "" })

  expect(await command(["auth", "logout"])).toMatchObject({ code: 0 })
  expect(await store.read(url)).toBeUndefined()
  const asked = idp.requests()
  expect(await command(["auth", "token"])).toMatchObject({ code: 1, out: "" })
  expect(await command(["auth", "status"])).toMatchObject({ code: 1 })
  expect((await command(["workspaces", "list"])).err).toMatch(/no_credentials[^]*portcullis auth login/)
  expect(await sidecar.send("GET", workspaces)).toMatchObject({
    status: 401,
    body: { code: "no_credentials" },
    headers: { "www-authenticate": "Bearer" },
  })
  expect(idp.requests()).toBe(asked)
})
