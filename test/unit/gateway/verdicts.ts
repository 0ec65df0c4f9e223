import type { Caller } from "../../../src/authn/index.js"
import type { AllowedVerdict, Verdict } from "../../../src/gateway/index.js"
import type { Principal } from "../../../src/model/principal.js"
import { refusal } from "../../../src/model/refusal.js"

/** A verdict that allows `GET /a?b` to ann, or what is told to be other. */
export function verdict(other: Partial<AllowedVerdict> = {}): AllowedVerdict {
  return {
    kind: "allowed",
    isAuthorized: true,
    request: { method: "GET", target: "/a?b", rawHeaders: [] },
    caller: caller({ id: "ann", email: "ann@example.com", groups: ["ops", "ml"], scopes: ["a:read", "b:read"] }),
    decision: { allowed: true, revision: "00000001.7" },
    decisionId: "d-1",
    revision: "00000001.7",
    ...other,
  }
}

/** One that does not. */
export function stopped(kind: "denied" | "failed" | "shadowed", status: number, code: string): Verdict {
  return { ...verdict(), kind, isAuthorized: false, decision: undefined, refusal: refusal(status, code, "what to do") }
}

/** Who asks, by a verified token. */
export function caller(principal: Principal): Caller {
  return { principal, proof: "verified_token", dropped: [] }
}
