import { describe, expect, it } from "vitest"
import { createPdp, fileSource, httpSource, memorySource, postgresSource, sqliteSource } from "../../../src/index.js"
import { get, modelsPdp } from "./world.js"

/** As JavaScript calls: without types. */
const untyped = (call: unknown, ...args: readonly unknown[]): unknown =>
  typeof call === "function" ? Reflect.apply(call, undefined, args) : undefined
const wasm = "examples/own-policy/policy.wasm"

describe("options that nobody knows, or of a wrong type", () => {
  it.each([
    [{ authorisationData: "a.yaml" }, "createPdp: there is no option 'authorisationData'; did you mean 'authorizationData'?"],
    [{ frobnicate: true }, "createPdp: there is no option 'frobnicate'; known are authorizationData, source, profile,"],
    [{ profile: "soft" }, 'createPdp: the option \'profile\' is wrong: Invalid option: expected one of "hardened"|"nemo"'],
    [{ source: "bindings.yaml" }, "createPdp: the option 'source' is wrong: must be a source, such as fileSource({ path })"],
    [{ authorizationData: 5 }, "createPdp: the option 'authorizationData' is wrong: must be the path of a file, an object, or a list of such"],
    [{ cache: { maxEntry: 5 } }, "createPdp: the option 'cache' has no member 'maxEntry'"],
    [{ cache: true }, "createPdp: the option 'cache' is wrong"],
    [{ now: 5 }, "createPdp: the option 'now' is wrong: must be a function"],
    [undefined, "createPdp takes its options as an object, and got undefined; known are authorizationData, source,"],
    [null, "and got null"],
    [[], "and got a list"],
    [{ policy: { wasm }, source: memorySource() }, "createPdp: 'source' does not go together with 'policy'"],
    [{ policy: { wasm }, profile: "nemo" }, "createPdp: 'profile' does not go together with 'policy'"],
    [{ policy: { wasm, date: {} } }, "createPdp: the option 'policy' has no member 'date'"],
    [{ policy: wasm }, "createPdp: the option 'policy' is wrong"],
    [{ policy: { wasm: 5 } }, "createPdp: the option 'policy.wasm' is wrong: must be the path of a .wasm file, or its bytes"],
  ])("createPdp(%j) is refused", async (options, message) => {
    const refused = await Promise.resolve()
      .then(() => untyped(createPdp, options))
      .catch((thrown: unknown) => thrown)
    expect(refused).toMatchObject({ name: "PdpError", code: "ERR_CONFIG_INVALID", message: expect.stringContaining(message) })
  })

  it.each([
    [fileSource, { path: "a.yaml", poll: 5 }, "fileSource: there is no option 'poll'"],
    [fileSource, {}, "fileSource: the option 'path' is wrong"],
    [fileSource, "a.yaml", "fileSource takes its options as an object"],
    [httpSource, { uri: "https://example.com" }, "httpSource: "],
    [httpSource, { url: "https://example.com", timeout: 5 }, "httpSource: there is no option 'timeout'; did you mean 'timeoutMs'?"],
    [sqliteSource, { file: "a.db" }, "sqliteSource: "],
    [sqliteSource, undefined, "sqliteSource takes its options as an object"],
    [postgresSource, { url: "postgres://localhost/x", ssl: true }, "postgresSource: there is no option 'ssl'"],
  ])("%o(%j) is refused", (source, options, message) => {
    expect(() => untyped(source, options)).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID", message: expect.stringContaining(message) }))
  })

  it("absent options may also be undefined", async () => {
    const pdp = await createPdp(Object.fromEntries(["source", "profile", "cache", "policy", "now"].map((name) => [name, undefined])))
    expect(pdp.status()).toMatchObject({ ready: true, profile: "hardened" })
    await pdp.close()
  })
})

describe("a bad role binding", () => {
  it.each([
    [{ principal: "ann", workspace: "ml", rolle: "Viewer" }, "role: "],
    [{ principal: "ann", workspace: "-", role: "Viewer" }, "workspace: must name one workspace"],
    ["ann", "ann is not a role binding: "],
    [undefined, "undefined is not a role binding: "],
  ])("%j is refused in one line that says why", (binding, message) => {
    const source = memorySource()
    const refused = expect.objectContaining({ code: "ERR_INPUT_INVALID", message: expect.stringMatching(new RegExp(`^[^\\n]*${message}[^\\n]*$`)) })
    expect(() => untyped(source.add.bind(source), binding)).toThrow(refused)
  })

  it("is named when a list was due", () => {
    expect(() => untyped(memorySource, { principal: "ann" })).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
  })
})

describe("a request of a wrong shape", () => {
  const requests: readonly unknown[] = [
    undefined,
    null,
    "ann",
    {},
    { principal: "ann", method: "GET", path: "/" },
    { principal: null, method: "GET", path: "/" },
    { principal: {}, method: "GET", path: "/" },
    { principal: { id: "ann" } },
    { principal: { id: "ann" }, method: "GET" },
    { principal: { id: "ann", groups: "ops" }, method: "GET", path: "/" },
    { principal: { id: "ann", groups: 5 }, method: "GET", path: "/" },
    { principal: { id: "ann", scopes: "" }, method: "GET", path: "/" },
    { principal: { kind: "service", id: "x", onBehalfOf: "ann" }, method: "GET", path: "/" },
    { principal: { kind: "service", id: "x", onBehalfOf: "" }, method: "GET", path: "/" },
    { principal: { kind: "service", id: "x", onBehalfOf: [] }, method: "GET", path: "/" },
  ]
  const invalid = expect.objectContaining({ name: "PdpError", code: "ERR_INPUT_INVALID" })

  it.each([{}, { cache: {} }])("is refused, with options %j", async (options) => {
    const { pdp } = await modelsPdp(options)
    for (const request of requests) {
      for (const ask of [pdp.authorize, pdp.explain, pdp.hasPermissions, pdp.hasRole])
        expect(() => untyped(ask, request), JSON.stringify(request)).toThrow(invalid)
      expect(() => untyped(pdp.authorizeMany, [get("ann@example.com"), request])).toThrow(invalid)
    }
    for (const list of [undefined, null, {}, "ann", get("ann@example.com")]) expect(() => untyped(pdp.authorizeMany, list)).toThrow(invalid)
    for (const request of [undefined, null, {}, { principal: null }]) expect(() => untyped(pdp.lookups, request)).toThrow(invalid)
    expect(pdp.authorize(get("ann@example.com")).allowed).toBe(true)
    await pdp.close()
  })
})
