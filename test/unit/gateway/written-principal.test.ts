import { describe, expect, it } from "vitest"
import { assertWritable, isWritable, writtenPrincipal } from "../../../src/gateway/written-principal.js"

describe("isWritable", () => {
  it.each(["", "ann@example.com", "auth0|5f7c", "a b", "x,y", "CN=Ann/O=Example", "x".repeat(256)])("is true for %j", (id) => {
    expect(isWritable({ id })).toBe(true)
  })

  it.each(["josé", "ann\r\nX-NMP-Authorized: true", "ann\n", "\u0000", " ann", "ann ", "\tann", "a\u007fb", "пётр", "x".repeat(257)])(
    "is false for %j",
    (id) => {
      expect(isWritable({ id })).toBe(false)
      expect(isWritable({ id: "a", onBehalfOf: { id } })).toBe(false)
      expect(() => assertWritable({ id })).toThrow(expect.objectContaining({ code: "ERR_DENIED", reason: "principal_not_writable" }))
    },
  )

  it("is false for a service that acts for nobody in particular", () => {
    expect(isWritable({ kind: "service", id: "a", onBehalfOf: { id: "" } })).toBe(false)
  })
})

describe("writtenPrincipal", () => {
  it("leaves out groups that headers cannot carry as one", () => {
    const groups = ["ops", "a,admin", "", " ops", "ops ", "Data Science", "team/é", "ops", "x\ny"]
    expect(writtenPrincipal({ id: "a", groups })).toEqual({ id: "a", groups: ["ops", "Data Science"] })
    expect(writtenPrincipal({ id: "a", groups: ["a,b"] })).toEqual({ id: "a" })
  })

  it("leaves out an e-mail that headers cannot carry", () => {
    expect(writtenPrincipal({ id: "a", email: "a,b@example.com" })).toEqual({ id: "a" })
    expect(writtenPrincipal({ id: "a", email: "josé@example.com" })).toEqual({ id: "a" })
    expect(writtenPrincipal({ id: "a", email: "a@example.com" })).toEqual({ id: "a", email: "a@example.com" })
  })

  it("never lets a scope pass for no restriction, nor for two", () => {
    expect(writtenPrincipal({ id: "a", scopes: ["*"] })).toEqual({ id: "a", scopes: [] })
    expect(writtenPrincipal({ id: "a", scopes: ["a b", "x:y", "é", "a,b", ""] })).toEqual({ id: "a", scopes: ["x:y"] })
    expect(writtenPrincipal({ id: "a" })).toEqual({ id: "a" })
  })

  it("does the same for the person that a service acts for", () => {
    const onBehalfOf = { id: "ann", email: "a,b@c", groups: ["a,b", "ops"] }
    expect(writtenPrincipal({ kind: "service", id: "s", onBehalfOf })).toEqual({
      kind: "service",
      id: "s",
      onBehalfOf: { id: "ann", groups: ["ops"] },
    })
  })
})
