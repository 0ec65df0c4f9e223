import { describe, expect, it } from "vitest"
import { DataEditError, dataOperations, dataPatched, dataWithout, dataWithValue } from "../../../src/opa/index.js"

const data = { grants: { ann: { read: true } }, list: [1, 2, 3], name: "x" }

function refusalOf(act: () => unknown): readonly [number, string, string] {
  try {
    act()
  } catch (thrown) {
    if (thrown instanceof DataEditError) return [thrown.status, thrown.code, thrown.message]
    throw thrown
  }
  throw new Error("nothing was thrown")
}

describe("an edit of base data", () => {
  it("leaves the document before it as it was, and shares what it does not change", () => {
    const before = structuredClone(data)
    const after = dataWithValue(data, ["grants", "zoe", "read"], true)
    expect([data, after]).toEqual([before, { ...before, grants: { ann: { read: true }, zoe: { read: true } } }])
    expect(Object(after).list).toBe(data.list)
  })

  it("takes names from outside for what they are", () => {
    const after = dataWithValue(data, ["__proto__", "polluted"], true)
    expect(JSON.stringify(after)).toContain('"__proto__":{"polluted":true}')
    expect(Object(after).polluted).toBeUndefined()
    expect(refusalOf(() => dataWithout(data, ["constructor"]))).toEqual([404, "resource_not_found", expect.any(String)])
  })

  it.each([
    [["name", "y"], "/name"],
    [["list", "7"], "/list"],
    [["list", "-"], "/list"],
    [["list", "1", "z"], "/list/1"],
  ])("puts nothing at %j, where something else stands", (at, place) => {
    expect(refusalOf(() => dataWithValue(data, at, 1))).toEqual([404, "resource_conflict", `storage_write_conflict_error: ${place}`])
  })

  it("patches lists as JSON Patch does, all or nothing", () => {
    const operations = dataOperations(
      [
        { op: "add", path: "/-", value: 4 },
        { op: "replace", path: "0", value: 9 },
        { op: "remove", path: "/1" },
      ],
      ["list"],
    )
    expect(dataPatched(data, operations)).toEqual({ ...data, list: [9, 3, 4] })
    const failing = dataOperations([{ op: "add", path: "/9", value: 1 }], ["list"])
    expect(refusalOf(() => dataPatched(data, failing))).toEqual([
      404,
      "resource_not_found",
      "storage_not_found_error: /list/9: array index out of range",
    ])
  })

  it.each([
    [{ op: "add" }, "json: cannot unmarshal object into Go value of type []types.PatchV1"],
    [[5], "json: cannot unmarshal number into Go value of type types.PatchV1"],
    [[{ op: "move", path: "/x" }], "bad patch operation: move"],
  ])("takes %j for no patch", (body, message) => {
    expect(refusalOf(() => dataOperations(body, []))).toEqual([400, "invalid_parameter", message])
  })

  it("patches ten thousand places in no more time than it takes to name them, and no more than that at once", () => {
    const patch = Array.from({ length: 10_000 }, (_, at) => ({ op: "add", path: `/names/k${at}`, value: at }))
    const before = { names: { kept: true }, list: [[0]] }
    const startedAt = performance.now()
    const after = dataPatched(before, dataOperations(patch, []))
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    expect(Object.keys(Object(after).names)).toHaveLength(10_001)
    expect(before).toEqual({ names: { kept: true }, list: [[0]] })
    expect(refusalOf(() => dataOperations([...patch, ...patch.slice(0, 1)], []))[0]).toBe(400)
  })

  it("changes what a patch has put there, and neither its values nor the document before", () => {
    const value = { list: [1] }
    const operations = dataOperations(
      [
        { op: "add", path: "/x", value },
        { op: "add", path: "/x/list/-", value: 2 },
        { op: "add", path: "/x/__proto__", value: 3 },
        { op: "remove", path: "/name" },
      ],
      [],
    )
    const after = dataPatched(data, operations)
    expect(JSON.stringify(after)).toBe('{"grants":{"ann":{"read":true}},"list":[1,2,3],"x":{"list":[1,2],"__proto__":3}}')
    expect([value, data.name]).toEqual([{ list: [1] }, "x"])
  })

  it("keeps an object at the root", () => {
    for (const value of [true, null, []]) expect(refusalOf(() => dataWithValue(data, [], value))[0]).toBe(400)
    expect(refusalOf(() => dataPatched(data, dataOperations([{ op: "remove", path: "/" }], [])))[0]).toBe(400)
    expect(dataWithValue(data, [], { a: 1 })).toEqual({ a: 1 })
  })
})
