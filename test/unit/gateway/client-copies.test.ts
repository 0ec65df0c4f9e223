import { describe, expect, it } from "vitest"
import { clientCopies, identityAnswer } from "../../../src/gateway/index.js"
import { verdict } from "./verdicts.js"

describe("clientCopies", () => {
  it("never names a header that is overwritten", () => {
    const overwritten = identityAnswer(verdict()).map(([name]) => name.toLowerCase())
    const copies = clientCopies(
      overwritten.flatMap((name) => [name, "x"]),
      "X-NMP-",
    )
    expect(copies.filter((name) => overwritten.includes(name))).toEqual([])
  })

  it("names the twins of all of ours, and what else the reference has inside, sent or not", () => {
    expect(clientCopies([], "X-NMP-")).toEqual(
      expect.arrayContaining(["x_nmp_principal_id", "x_nmp_authorized", "x_portcullis_decision", "x-nmp-internal", "x-nmp-origin-workspace"]),
    )
  })

  it("names what the client sent that begins like ours, however it is spelled", () => {
    const sent = ["X-NMP-Whatever", "X_NMP-Principal-Id", "x-nmp_scopes", "X_Portcullis-Shadow"]
    expect(
      clientCopies(
        sent.flatMap((name) => [name, "x"]),
        "X-NMP-",
      ),
    ).toEqual(expect.arrayContaining(sent.map((name) => name.toLowerCase())))
  })

  it("leaves everything else alone", () => {
    const copies = clientCopies(["Accept", "x-nmp-a", "X-NMPrincipal", "x", "Authorization", "y", "X-Portcullis-At-Least", "z"], "X-NMP-")
    expect(copies.filter((name) => ["accept", "x-nmprincipal", "authorization", "x-portcullis-at-least"].includes(name))).toEqual([])
  })

  it("goes by the configured prefix", () => {
    expect(clientCopies(["X-Acme-Foo", "", "X-NMP-Foo", ""], "X-Acme-")).toEqual(expect.arrayContaining(["x-acme-foo", "x_acme_principal_id"]))
    expect(clientCopies(["X-NMP-Foo", ""], "X-Acme-")).not.toContain("x-nmp-foo")
  })
})
