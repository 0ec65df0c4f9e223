import { describe, expect, it } from "vitest"
import { admissionRequest, type Incoming } from "../../../src/middleware/incoming.js"
import { refusalOf } from "../../../src/model/refusal.js"

const outgoing = { destroyed: false, once: () => undefined }

function refusedWith(count: number, server?: Incoming["socket"]["server"]): unknown {
  const rawHeaders = Array.from({ length: count }, (_, at) => [`X-${at}`, "x"]).flat()
  const { unclear } = admissionRequest({ method: "GET", url: "/", rawHeaders, headers: {}, socket: { ...(server && { server }) } }, outgoing)
  return unclear && refusalOf(unclear)
}

describe("a request with as many headers as Node keeps", () => {
  it.each([
    ["Node's own limit", {}, 1_000],
    ["no server that is known", undefined, 1_000],
    ["a limit that is left to Node", { maxHeadersCount: null }, 1_000],
    ["a limit of the server", { maxHeadersCount: 50 }, 50],
  ])("is refused with 431, since some may be missing: %s", (_, server, most) => {
    expect(refusedWith(most - 1, server)).toBeUndefined()
    expect(refusedWith(most, server)).toMatchObject({ status: 431, code: "headers_too_large" })
  })

  it("is like any other where Node keeps all", () => {
    expect(refusedWith(5_000, { maxHeadersCount: 0 })).toBeUndefined()
  })
})
