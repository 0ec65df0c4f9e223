import { describe, expect, it } from "vitest"
import { gateways, httpGatewayNames, type GatewayQuestion, type HttpGatewayName } from "../../src/gateway/index.js"
import { isWritable } from "../../src/gateway/written-principal.js"
import { isCanonicalPath, pathOf } from "../../src/model/canonical-path.js"
import type { AuthorizationRequest } from "../../src/model/decision.js"
import { casesOf, numberIn, pdpOf } from "./case.js"
import { chosenSuites } from "./profiles.js"
import { typedRequest } from "./typed-request.js"

const requests = numberIn("DIFFERENTIAL_GATEWAY_CASES", 2_000)
const seed = numberIn("DIFFERENTIAL_SEED", 20_261_124)
const casesPerWorld = 500

describe.each(chosenSuites())("the $profile profile", (suite) => {
  it(`is decided through every adapter as the model and authorize decide (${requests} requests each, seed ${seed})`, async () => {
    const counts = { asked: 0, allowed: 0, allowedAndNotCanonical: 0 }
    const mismatches: string[] = []
    for (const { world, cases } of casesOf(suite, seed, Number.MAX_SAFE_INTEGER, casesPerWorld)) {
      if (counts.asked >= requests || mismatches.length > 5) break
      const pdp = await pdpOf(world)
      const { ask } = gateways({
        pdp,
        authenticate: async ({ rawHeaders }) => ({ principal: asked(rawHeaders[1]).principal, proof: "verified_token", dropped: [] }),
        retrySeconds: 5,
        headerPrefix: "X-NMP-",
      })
      for (const { question, expected } of cases) {
        const request = typedRequest(question, world.profile)
        if (!request || !("path" in request) || counts.asked >= requests) continue
        counts.asked++
        const isCanonical = isCanonicalPath(pathOf(request.path))
        if (!isCanonical && expected) counts.allowedAndNotCanonical++
        const passes = expected && isCanonical && isMethod(request.method) && isWritable(request.principal)
        if (passes) counts.allowed++
        for (const name of httpGatewayNames) {
          if (!canBeTold(name, request)) continue
          const passesHere = passes && !(name === "envoy" && hidesBytes(request))
          const { verdict, answer } = await ask(name, questionOf(name, request), {})
          const is = [verdict.kind === "allowed", answer.status < 300, pdp.authorize(request).allowed && passesHere]
          if (is.some((one) => one !== passesHere) || verdict.kind === "failed")
            mismatches.push(`${name} ${JSON.stringify(request)}: ${passesHere}, ${is.join()}`)
        }
      }
      await pdp.close()
    }
    expect(mismatches).toEqual([])
    expect(counts.asked).toBe(requests)
    if (suite.profile === "hardened") expect(counts.allowedAndNotCanonical).toBe(0)
    if (requests >= 2_000) expect(counts.allowed / counts.asked).toBeGreaterThan(0.1)
  })
})

const isMethod = (method: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/.test(method)

/** A path that no header can carry, or that would not get to the sidecar at all. */
function canBeTold(name: HttpGatewayName, { path }: AuthorizationRequest): boolean {
  return name !== "envoy" || path === "" || path.startsWith("/") || path.startsWith("?")
}

/** Envoy writes `!` for bytes that it does not tell, so behind it such a path is denied whatever the policy says. */
const hidesBytes = ({ path }: AuthorizationRequest): boolean => pathOf(path).includes("!")

/** The token says all of the principal; the test's own `authenticate` reads it. */
function questionOf(name: HttpGatewayName, request: AuthorizationRequest): GatewayQuestion {
  const { method, path } = request
  const token = ["Authorization", Buffer.from(JSON.stringify(request)).toString("base64url")]
  if (name === "envoy") return { method, target: `/apis/auth/ext-authz${path}`, rawHeaders: token }
  const [uri, told] = name === "nginx" ? ["X-Original-URI", "X-Original-Method"] : ["X-Forwarded-Uri", "X-Forwarded-Method"]
  return { method: "GET", target: `/gateway/${name}`, rawHeaders: [uri, path, told, method, ...token] }
}

function asked(token = ""): AuthorizationRequest {
  return JSON.parse(Buffer.from(token, "base64url").toString())
}
