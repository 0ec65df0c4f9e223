import { describe, expect, it } from "vitest"
import { authentication } from "../../../src/authn/index.js"

const authenticate = authentication()

function ask(headers: Readonly<Record<string, string>>, trusted = true) {
  return authenticate({ rawHeaders: Object.entries(headers).flat(), trusted })
}

const ann = { "X-NMP-Principal-Id": "ann@example.com" }

describe("principal headers of a trusted peer", () => {
  it("name nobody when they are absent or blank, whatever else is sent", async () => {
    const nobody = { principal: { id: "" }, proof: "none", dropped: [] }
    expect(await ask({})).toEqual(nobody)
    expect(await ask({ "X-NMP-Principal-Id": "  ", "X-NMP-Principal-Groups": "ops", "X-NMP-Scopes": "" })).toEqual(nobody)
  })

  it("name a person", async () => {
    const headers = { "x-nmp-principal-id": " u-1 ", "X-NMP-PRINCIPAL-EMAIL": "ann@example.com", "X-NMP-Principal-Groups": "devs , ops,devs" }
    expect(await ask(headers)).toEqual({
      principal: { kind: "person", id: "u-1", email: "ann@example.com", groups: ["devs", "ops"] },
      proof: "principal_headers",
      dropped: [],
    })
  })

  it("take blank groups, e-mails and delegates for absent", async () => {
    const headers = { "X-NMP-Principal-Email": " ", "X-NMP-Principal-Groups": "", "X-NMP-Principal-On-Behalf-Of": " " }
    expect((await ask({ ...ann, ...headers })).principal).toEqual({ kind: "person", id: "ann@example.com" })
  })

  it("name a service, which may ask for a person", async () => {
    const headers = {
      "X-NMP-Principal-Id": "service:api/v2",
      "X-NMP-Principal-On-Behalf-Of": "u-1",
      "X-NMP-Principal-On-Behalf-Of-Email": "ann@example.com",
      "X-NMP-Principal-On-Behalf-Of-Groups": "devs",
    }
    expect((await ask(headers)).principal).toEqual({
      kind: "service",
      id: "api/v2",
      onBehalfOf: { id: "u-1", email: "ann@example.com", groups: ["devs"] },
    })
    const { "X-NMP-Principal-On-Behalf-Of": _, ...without } = headers
    expect((await ask(without)).principal).toEqual({ kind: "service", id: "api/v2" })
  })

  it.each([
    [undefined, undefined],
    ["", []],
    ["  ", []],
    ["*", undefined],
    ["a:read", ["a:read"]],
    [" a:read \t b:write  a:read ", ["a:read", "b:write"]],
    ["* a:read", ["*", "a:read"]],
  ])("with the scopes %j present %j", async (sent, scopes) => {
    const { principal } = await ask({ ...ann, ...(sent !== undefined && { "X-NMP-Scopes": sent }) })
    expect(principal.scopes).toEqual(scopes)
  })

  it("drop groups and e-mails that name something reserved", async () => {
    const headers = { "X-NMP-Principal-Email": "service:x@y", "X-NMP-Principal-Groups": "group:ops,service:api,devs" }
    const caller = await ask({ ...ann, ...headers })
    expect(caller.principal).toEqual({ kind: "person", id: "ann@example.com", groups: ["devs"] })
    expect(caller.dropped).toEqual(["service:x@y", "group:ops", "service:api"])
  })

  it.each([
    [{ "X-NMP-Principal-Id": "ann example" }, "X-NMP-Principal-Id"],
    [{ "X-NMP-Principal-Id": "ann%40example.com" }, "X-NMP-Principal-Id"],
    [{ "X-NMP-Principal-Id": "zo\u00eb" }, "X-NMP-Principal-Id"],
    [{ "X-NMP-Principal-Id": "*" }, "X-NMP-Principal-Id"],
    [{ "X-NMP-Principal-Id": "group:ops" }, "X-NMP-Principal-Groups"],
    [{ "X-NMP-Principal-Id": "service:" }, "service:<id>"],
    [{ "X-NMP-Principal-Id": "a,b" }, "X-NMP-Principal-Id"],
    [{ "X-NMP-Principal-Id": "a".repeat(257) }, "256"],
    [{ ...ann, "X-NMP-Principal-Email": "ann" }, "X-NMP-Principal-Email"],
    [{ ...ann, "X-NMP-Principal-Email": "a@x,b@y" }, "X-NMP-Principal-Email"],
    [{ ...ann, "X-NMP-Principal-Email": `${"a".repeat(320)}@x` }, "320"],
    [{ ...ann, "X-NMP-Principal-Groups": "devs," }, "X-NMP-Principal-Groups"],
    [{ ...ann, "X-NMP-Principal-Groups": "a b" }, "X-NMP-Principal-Groups"],
    [{ ...ann, "X-NMP-Scopes": "a:read,b:read" }, "commas"],
    [{ ...ann, "X-NMP-Scopes": 'a"b' }, "X-NMP-Scopes"],
    [{ "X-NMP-Principal-Id": "service:api", "X-NMP-Principal-On-Behalf-Of": "service:other" }, "persons"],
    [{ "X-NMP-Principal-Id": "service:api", "X-NMP-Principal-On-Behalf-Of": "a b" }, "X-NMP-Principal-On-Behalf-Of"],
    [{ "X-NMP-Principal-Id": "a", "x-nmp-principal-id": "a" }, "twice"],
    [{ ...ann, "X-NMP-Principal-Groups": "a", "x-nmp-principal-groups": "b" }, "twice"],
    [{ ...ann, "X-NMP-Scopes": "a", "X-Nmp-Scopes": "*" }, "twice"],
    [{ Authorization: "Bearer a.b.c", authorization: "Bearer d.e.f" }, "twice"],
  ])("are refused as %j", async (headers: Record<string, string>, named) => {
    await expect(ask(headers)).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", message: expect.stringContaining(named) })
  })

  it("name 100 groups at most, of the caller and of the delegate", async () => {
    const groups = (count: number) => Array.from({ length: count }, (_, at) => `g${at}`).join()
    expect((await ask({ ...ann, "X-NMP-Principal-Groups": groups(100) })).principal.groups).toHaveLength(100)
    const tooMany = { code: "ERR_INPUT_INVALID", reason: "too_many_groups" }
    await expect(ask({ ...ann, "X-NMP-Principal-Groups": groups(101) })).rejects.toMatchObject(tooMany)
    const delegated = { "X-NMP-Principal-Id": "service:a", "X-NMP-Principal-On-Behalf-Of": "b", "X-NMP-Principal-On-Behalf-Of-Groups": groups(101) }
    await expect(ask(delegated)).rejects.toMatchObject(tooMany)
  })
})

describe("principal headers of anybody else", () => {
  it("are refused when they are all there is", async () => {
    await expect(ask(ann, false)).rejects.toMatchObject({ code: "ERR_UNAUTHENTICATED", reason: "principal_header_rejected" })
    expect(await ask({ "X-NMP-Principal-Groups": "ops" }, false)).toMatchObject({ proof: "none", principal: { id: "" } })
  })
})
