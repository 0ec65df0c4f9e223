import { describe, expect, it, vi } from "vitest"
import { loadWasmPolicy } from "../../../src/policy/index.js"
import { withAbi } from "../../fixtures/policy/with-abi.js"
import { cases, codeOf, errorOf, moduleOf } from "./fixture.js"

const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)

describe("loading refuses", () => {
  it.each([
    ["what is no WebAssembly", new TextEncoder().encode("package authz")],
    ["nothing", new Uint8Array()],
    ["a truncated module", moduleOf("cases").subarray(0, 60_000)],
    ["a module that OPA did not write", emptyModule],
    ["another ABI", withAbi(moduleOf("cases"), { major: 2, minor: 0 })],
  ])("%s", async (_name, wasm) => {
    const stderr = vi.spyOn(console, "error")
    expect(await codeOf(() => loadWasmPolicy({ wasm }))).toBe("ERR_POLICY_INVALID")
    expect(stderr).not.toHaveBeenCalled()
  })

  it("a module that lacks a wanted entrypoint, naming it", async () => {
    const error = await errorOf(() => cases({ entrypoints: ["cases/allow", "authz/allow", "authz/explain"] }))
    expect(error).toMatchObject({ code: "ERR_POLICY_INVALID", message: expect.stringContaining("authz/allow, authz/explain") })
  })

  it("a module whose builtins nobody implements, naming all of them", async () => {
    const error = await errorOf(() => loadWasmPolicy({ wasm: moduleOf("refused") }))
    expect(error).toMatchObject({ code: "ERR_POLICY_INVALID", message: expect.stringContaining("http.send, net.lookup_ip_addr") })
  })

  it.each([
    ["a lone surrogate", { a: "\ud800" }],
    ["a BigInt", [1n]],
  ])("data with %s", async (_name, data) => {
    expect(await codeOf(() => cases({ data }))).toBe("ERR_POLICY_INVALID")
  })

  it("data that needs more than the limit", async () => {
    const data = { items: Array.from({ length: 100_000 }, () => 1) }
    const error = await errorOf(() => cases({ data, memoryLimitMb: 4 }))
    expect(error).toMatchObject({ code: "ERR_POLICY_INVALID", message: expect.stringContaining("memoryLimitMb") })
  })

  it.each([0, -1, 0.01, 2_049, Number.NaN])("a limit of %d MiB", async (memoryLimitMb) => {
    expect(await codeOf(() => cases({ memoryLimitMb }))).toBe("ERR_CONFIG_INVALID")
  })
})

describe("memory", () => {
  /** The module with another minimum of pages, which stands behind the import's name and two bytes. */
  function asking(pages: number): Uint8Array {
    const wasm = Buffer.from(moduleOf("cases"))
    wasm[wasm.indexOf("\x06memory\x02\x00") + 9] = pages
    return wasm
  }

  it("is as much as the module asks for at first", async () => {
    const policy = await loadWasmPolicy({ wasm: asking(100), data: { items: [1] } })
    expect(policy.evaluate("cases/data_size", {})).toBe(1)
    expect(policy.memoryBytes()).toBeGreaterThan(100 * 65_536)
  })

  it("cannot be less", async () => {
    expect(await codeOf(() => loadWasmPolicy({ wasm: asking(100), memoryLimitMb: 6 }))).toBe("ERR_POLICY_INVALID")
  })
})

describe("data", () => {
  it("defaults to an empty document", async () => {
    expect((await cases()).evaluate("cases/data_size", {})).toBeUndefined()
  })

  it("may be falsy", async () => {
    expect((await cases({ data: null })).evaluate("cases/allow", {})).toBe(true)
  })
})

describe("builtins", () => {
  it("of the host get and give JSON values, and undefined is undefined", async () => {
    const policy = await loadWasmPolicy({
      wasm: moduleOf("host-builtins"),
      builtins: {
        "hex.encode": (text: string) => (text === "" ? undefined : Buffer.from(text).toString("hex").toUpperCase()),
        "semver.compare": (a: string, b: string) => a.localeCompare(b),
      },
    })
    expect(policy.evaluate("host/upper_hex", { text: "ok" })).toBe("6F6B")
    expect(policy.evaluate("host/upper_hex", { text: "" })).toBeUndefined()
    expect(policy.evaluate("host/newer", { a: "2.0.0", b: "1.0.0" })).toBe(true)
  })

  it("still work after an instance was replaced", async () => {
    const policy = await loadWasmPolicy({ wasm: moduleOf("package-builtins") })
    expect(policy.evaluate("builtins/parts", { pattern: "(", text: "a" })).toBeUndefined()
    expect(policy.evaluate("builtins/parts", { pattern: "[,;]", text: "a,b;c" })).toEqual(["a", "b", "c"])
  })

  it.each([
    ["sprintf", "formatted", { format: "%s has %d of %v", values: ["ann", 3, true] }, "ann has 3 of true"],
    ["regex.split", "parts", { pattern: "\\s+", text: "a  b c" }, ["a", "b", "c"]],
    ["yaml.is_valid", "valid_yaml", { text: "a: [1, 2]" }, true],
    ["yaml.is_valid of what is not", "valid_yaml", { text: "a: [1" }, false],
    ["yaml.unmarshal", "yaml_value", { text: "a:\n- 1\n- x: z\n" }, { a: [1, { x: "z" }] }],
    ["yaml.unmarshal of what is not", "yaml_value", { text: "a: [1" }, undefined],
    ["yaml.marshal", "yaml_text", { value: { a: [1, 2] } }, "a:\n- 1\n- 2\n"],
    ["json.is_valid", "valid_json", { text: '{"a":1}' }, true],
    ["json.is_valid of what is not", "valid_json", { text: "{a}" }, false],
  ])("of OPA: %s", async (_name, rule, input, expected) => {
    const policy = await loadWasmPolicy({ wasm: moduleOf("package-builtins") })
    expect(policy.evaluate(`builtins/${rule}`, input)).toEqual(expected)
  })

  it("of the host's come before those of OPA", async () => {
    const policy = await loadWasmPolicy({ wasm: moduleOf("package-builtins"), builtins: { sprintf: () => "ours" } })
    expect(policy.evaluate("builtins/formatted", { format: "%s", values: ["a"] })).toBe("ours")
  })
})

describe("print", () => {
  const input = { principal: "ann", roles: ["Viewer"] }

  it("goes where the host says, as OPA writes it", async () => {
    const lines: string[] = []
    const policy = await loadWasmPolicy({ wasm: moduleOf("print"), print: (line) => lines.push(line) })
    expect(policy.evaluate("printing/decision", input)).toBe(true)
    expect(lines).toEqual(['asked by ann <undefined> ["Viewer"]'])
  })

  it("goes nowhere by default, least of all to stdout", async () => {
    const stdout = vi.spyOn(console, "log")
    const policy = await loadWasmPolicy({ wasm: moduleOf("print") })
    expect(policy.evaluate("printing/decision", input)).toBe(true)
    expect(stdout).not.toHaveBeenCalled()
  })
})
