import { readFileSync } from "node:fs"
import { Agent, request as ask } from "node:http"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { z } from "zod"
import { testedGateways } from "../fixtures/gateways.js"
import { createPdp, memorySource, type Pdp } from "../../src/index.js"
import { isCanonicalPath, pathOf } from "../../src/model/canonical-path.js"
import type { Principal } from "../../src/model/principal.js"
import { randomOf, type Random } from "../differential/random.js"
import { valuesOf } from "../fixtures/gateway-requests.js"
import { gatewayStack, stackBindings, stackData, type GatewayStack, type SeenRequest } from "../fixtures/gateway-stack.js"

const cases = 2_000
const seed = 20_261_125
const atOnce = 16

interface Case {
  readonly at: number
  readonly principal: Principal
  readonly token: string | undefined
  readonly method: string
  readonly target: string
}

/** What becomes of a request: the service sees it, or who asks is refused or denied. */
type Outcome = "passed" | "refused" | "denied"

/** What became of one. */
interface Found {
  readonly outcome: Outcome
  /** The target that the service saw. */
  readonly url?: string
}

describe.each(testedGateways)("through %s", (kind) => {
  let stack: GatewayStack
  let pdp: Pdp
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  beforeAll(async () => {
    const bindings = stackBindings.flatMap(({ principal, workspace, roles }) => roles.map((role) => ({ principal, workspace, role })))
    pdp = await createPdp({ authorizationData: stackData, source: memorySource(bindings) })
    stack = await gatewayStack(kind)
  })
  afterAll(async () => {
    agent.destroy()
    await stack?.stop()
    await pdp?.close()
  })

  it(`${cases} random requests are decided as by authorize in process (seed ${seed})`, async () => {
    const asked = await randomCases(stack, randomOf(seed))
    const expected = asked.map((one) => outcomeOf(pdp, one))
    expect(expected.filter((outcome) => outcome === "passed").length).toBeGreaterThan(cases / 10)
    const queue = asked.values()
    const wrong: object[] = []
    let count = 0
    const worker = async (): Promise<void> => {
      for (const one of queue) {
        const found = await foundThrough(stack, agent, one)
        count++
        const isRight = isCanonicalPath(pathOf(one.target)) ? isAsDecided(one, found, expected[one.at]) : isHonest(pdp, one, found)
        if (!isRight) wrong.push({ ...one, token: undefined, expected: expected[one.at], found })
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    expect([wrong.slice(0, 5), count]).toEqual([[], cases])
  })
})

function isAsDecided({ target }: Case, { outcome, url }: Found, expected: Outcome | undefined): boolean {
  return outcome === expected && (outcome !== "passed" || url === target)
}

/** Traefik takes needless escapes off a path before it asks, and passes on what it asked about. Otherwise what is not canonical does not pass. */
function isHonest(pdp: Pdp, { principal, method }: Case, { url }: Found): boolean {
  return url === undefined || (isCanonicalPath(pathOf(url)) && pdp.authorize({ principal, method, path: url }).allowed)
}

/** Without a token everybody is nobody, and refused instead of denied. */
function outcomeOf(pdp: Pdp, { principal, method, target }: Case): Outcome {
  if (pdp.authorize({ principal, method, path: target }).allowed) return "passed"
  return principal.id === "" ? "refused" : "denied"
}

async function foundThrough(stack: GatewayStack, agent: Agent, { at, principal, token, method, target }: Case): Promise<Found> {
  const test = `differential-${at}`
  const headers = { "X-Test": test, "Content-Length": "0", ...(token !== undefined && { Authorization: `Bearer ${token}` }) }
  const request = ask({ port: stack.port, agent, method, path: target, headers })
  // Go says 400 with a body to HEAD, too: an error behind an answer that is complete. One before it rejects.
  request.on("error", () => {})
  const [answer] = await once(request.end(), "response")
  await text(answer)
  const { statusCode } = answer
  const [seen, ...others] = stack.seen(test)
  if (!seen && statusCode === 401) return { outcome: "refused" }
  // Gateways refuse some paths themselves.
  if (!seen && (statusCode === 403 || (!isCanonicalPath(pathOf(target)) && (statusCode === 400 || statusCode === 404)))) return { outcome: "denied" }
  if (statusCode === 200 && others.length === 0 && seen?.method === method && whoIn(seen) === principal.id)
    return { outcome: "passed", url: seen.url }
  throw new Error(`${method} ${target}: ${statusCode}, and the service saw ${JSON.stringify(stack.seen(test))}`)
}

function whoIn(seen: SeenRequest): string {
  return valuesOf(seen, "x-nmp-principal-id").join()
}

const Templates = z.object({ endpoints: z.record(z.string(), z.unknown()) })
/** They are open in the configurations, and answered by the sidecar. */
const open: ReadonlySet<string> = new Set(["/health/live", "/apis/auth/discovery"])
const methods = ["GET", "GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const
const workspaces = ["ml-team", "ml-team", "ml-team", "research", "playground", "system", "-", "ML-team", "nowhere", "ml%2Dteam", "..", "*"] as const
const names = [
  "llama",
  "a.b",
  "a%20b",
  "%E2%82%AC",
  "a@b:c~d",
  "a,b",
  "%6clama",
  "a;b",
  "..",
  ".",
  "%2e%2e",
  "a%2Fb",
  "a%5Cb",
  "a%00b",
  "%zz",
  "a%",
  "",
] as const

async function randomCases({ token }: GatewayStack, random: Random): Promise<readonly Case[]> {
  const templates = Object.keys(Templates.parse(parse(readFileSync(stackData, "utf8"))).endpoints).filter((path) => !open.has(path))
  const principals = await Promise.all(
    [
      claimsOf("ann@example.com"),
      claimsOf("ben@example.com"),
      claimsOf("ben@example.com", { scope: "models:read datasets:write" }),
      claimsOf("root@example.com"),
      claimsOf("root@example.com", { scope: "" }),
      claimsOf("gus@example.com", { groups: ["ml-readers", "b"] }),
      claimsOf("stranger@example.com"),
    ].map(async ({ account, claims, principal }) => ({ principal, token: await token(account, claims) })),
  )
  const everybody = [...principals, { principal: { id: "" }, token: undefined }]
  return Array.from({ length: cases }, (_, at) => ({
    at,
    ...random.pick(everybody),
    method: random.pick(methods),
    target: targetOf(templates, random),
  }))
}

function claimsOf(account: string, claims: { readonly scope?: string; readonly groups?: readonly string[] } = {}) {
  const { scope = "platform:read platform:write", groups } = claims
  const scopes = scope.split(" ").filter((one) => one !== "")
  return { account, claims: { scope, ...(groups && { groups }) }, principal: { id: account, email: account, scopes, ...(groups && { groups }) } }
}

function targetOf(templates: readonly string[], random: Random): string {
  const path = random.pick(templates).replaceAll(/\{(\w+)\}/g, (_, name: string) => (name === "workspace" ? random.pick(workspaces) : nameOf(random)))
  const odd = random.chance(0.8) ? path : bent(path, random)
  return random.chance(0.8) ? odd : `${odd}?x=${random.pick(["1", "/../..", "%2e%2e", "?"])}`
}

/** Half of the names are plain ones, so that enough of the requests are allowed. */
function nameOf(random: Random): string {
  return random.chance(0.5) ? "llama" : random.pick(names)
}

function bent(path: string, random: Random): string {
  const segments = path.split("/")
  const at = 1 + random.int(segments.length - 1)
  const inserted = random.pick(["", ".", "..", "x", "%2e%2e", ";", "-"])
  return random.pick([
    `${path}/`,
    `/${path}`,
    path.toUpperCase(),
    `${path}/x`,
    segments.toSpliced(at, 0, inserted).join("/"),
    segments.toSpliced(at, 1).join("/") || "/",
  ])
}
