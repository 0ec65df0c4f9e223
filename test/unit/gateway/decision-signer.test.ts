import { describe, expect, it } from "vitest"
import { provenDecision } from "../../../src/authn/index.js"
import { decisionSigner } from "../../../src/gateway/decision-signer.js"

const [first, second] = ["first key, of more than 32 characters", "second key, of more than 32 characters"]
const facts = { method: "GET", path: "/a", principal: { id: "ann" }, decisionId: "d-1", revision: "00000001.7" }
const now = 1_800_000_000_000

describe("decisionSigner", () => {
  it("signs with the first key, as it is at that moment", () => {
    let keys = [first, second]
    const sign = decisionSigner({ decisionKeys: () => keys }, () => now)
    const before = sign?.(facts) ?? ""
    keys = [second]
    const after = sign?.(facts) ?? ""
    const proven = (value: string, key: string) => provenDecision(value, facts, [key], now)
    expect(proven(before, first)).toEqual({ decisionId: "d-1", revision: "00000001.7" })
    expect(proven(before, second)).toBeUndefined()
    expect(proven(after, second)).toEqual({ decisionId: "d-1", revision: "00000001.7" })
  })

  it("lets clocks differ by ten seconds", () => {
    const value = decisionSigner({ decisionKeys: () => [first] }, () => now)?.(facts) ?? ""
    const believedAt = (seconds: number) => provenDecision(value, facts, [first], now + seconds * 1_000) !== undefined
    expect([believedAt(-11), believedAt(-10), believedAt(0), believedAt(19), believedAt(20)]).toEqual([false, true, true, true, false])
  })

  it("sends nothing without a key, and refuses one that is short", () => {
    expect(decisionSigner({}, () => now)).toBeUndefined()
    expect(decisionSigner({ decisionKeys: () => [] }, () => now)?.(facts)).toBe("")
    expect(() => decisionSigner({ decisionKeys: () => ["short"] }, () => now)?.(facts)).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG_INVALID" }),
    )
  })
})
