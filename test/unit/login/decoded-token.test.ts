import { describe, expect, it } from "vitest"
import { decodedToken } from "../../../src/login/index.js"

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

describe("a token", () => {
  it("shows header and claims, unverified", () => {
    expect(decodedToken(`${part({ alg: "RS256" })}.${part({ sub: "ann", name: "Ánn" })}.c2ln`)).toEqual({
      header: { alg: "RS256" },
      claims: { sub: "ann", name: "Ánn" },
    })
  })

  it("may be unsigned", () => {
    expect(decodedToken(`${part({ alg: "none" })}.${part({ sub: "ann" })}.`)?.claims).toEqual({ sub: "ann" })
  })

  it.each(["", "opaque", "a.b", "a.b.c", "a.b.c.d", `${part([])}.${part({})}.s`, `${part({})}.${part(null)}.s`, `${part({})}..s`, `${part({})}.!.s`])(
    "'%s' is no JWT",
    (token) => {
      expect(decodedToken(token)).toBeUndefined()
    },
  )
})
