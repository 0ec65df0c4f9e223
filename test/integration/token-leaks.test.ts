import { expect, it } from "vitest"
import type { Answer } from "../fixtures/administered-server.js"
import { identityWorld, type IdentityWorld } from "../fixtures/identity-world.js"
import type { MintOptions } from "../fixtures/idp.js"

const workspaces = "/apis/entities/v2/workspaces"

/** What nobody may repeat: each is found nowhere else. */
const marks = {
  subject: "sub-4f1c9d2e",
  email: "mark-77ab@example.com",
  group: "group-c0ffee91",
  id: "jti-5d0e8a13",
  audience: "aud-9b7e2c44",
  issuer: "https://idp-31f8.example.org",
  claim: "claim-e7d2a6f0",
  key: "kid-6c1b0f9e",
  peerSecret: "peer-secret-8842aa17f3",
  wrongPeerSecret: "peer-secret-wrong-5e3d",
  password: "password-1b9f7d",
} as const
const claims = { email: marks.email, groups: [marks.group], jti: marks.id, custom: marks.claim, nickname: marks.claim }
const administration = [`GET ${workspaces}`, `DELETE ${workspaces}/default`, "GET /apis/auth/authenticate", "GET /apis/auth/v2/iam/opa-bundle.tar.gz"]

const refusals: readonly (readonly [code: string, options: MintOptions])[] = [
  ["token_expired", { expiresInSeconds: -3_600 }],
  ["token_not_yet_valid", { claims: { nbf: 4e9 } }],
  ["signature_invalid", { signedBy: "foreign" }],
  ["algorithm_rejected", { header: { b64: true, crit: ["b64"] } }],
  ["unknown_key", { header: { kid: marks.key } }],
  ["issuer_mismatch", { issuer: marks.issuer }],
  ["audience_mismatch", { audience: marks.audience }],
  ["id_token_rejected", { claims: { nonce: marks.claim } }],
  ["subject_reserved", { claims: { sub: `service:${marks.subject}` } }],
  ["too_many_groups", { claims: { groups: Array.from({ length: 101 }, (_, index) => `${marks.group}-${index}`) } }],
]

it("repeats nothing of tokens, claims, secrets and passwords in refusals and in the log", async () => {
  const world = await logged("trace")
  const tokens: string[] = []
  const answers: Answer[] = []
  const present = async (token: string, headers: Readonly<Record<string, string>> = {}): Promise<void> => {
    tokens.push(token)
    for (const [method = "", path = ""] of administration.map((operation) => operation.split(" ")))
      answers.push(await world.sidecar.send(method, path, { headers: { Authorization: `Bearer ${token}`, ...headers } }))
  }
  for (const [, options] of refusals) await present(await minted(world, options))
  const good = await minted(world)
  const [head = "", body = "", signature = ""] = good.split(".")
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
  for (const token of [
    `${head}.${body}`,
    `${head}.${body}.${signature}.${signature}`,
    `${head}.${body}.${signature.slice(0, -8)}AAAAAAAA`,
    `${part({ alg: "none" })}.${body}.`,
    `${part({ alg: "HS256", kid: marks.key })}.${body}.${signature}`,
    `${head}.${part({ sub: marks.subject })}x.${signature}`,
    `${marks.claim}${"x".repeat(40)}`,
  ])
    await present(token)
  await present(good)
  await present(good, { "X-NMP-Principal-Id": "somebody-else", "X-Portcullis-Peer-Secret": marks.peerSecret })
  await present(good, { "X-Portcullis-Peer-Secret": marks.wrongPeerSecret })
  await world.idp.goDown()
  await present(await minted(world, { header: { kid: `${marks.key}-2` } }))

  const refused = answers.filter(({ status }) => status >= 400)
  expect(new Set(refused.map(({ body }) => body["code"]))).toEqual(
    new Set([...refusals.map(([code]) => code), "token_malformed", "unsigned_rejected", "principal_mismatch", "role_missing", "role_insufficient"]),
  )
  expect(answers.some(({ status }) => status === 200)).toBe(true)
  const said = refused.map(({ headers, text }) => `${JSON.stringify(headers)}\n${text}`).join("\n")
  const log = await logOf(world)
  expect(log).toMatch(/"level":20.*"code":"role_missing"/)
  expectNothingOf(`${said}\n${log}`, tokens)
})

it("prints no token but by 'auth token', and no secret, in any command", async () => {
  const world = await logged("debug")
  const printed: string[] = []
  const tokens: string[] = []
  const ask = async (args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<void> => {
    const { out, err } = await world.command(args, environment)
    printed.push(out, err)
  }
  const keep = async (): Promise<void> => {
    const stored = (await world.store.read(world.url))?.tokens
    tokens.push(...[stored?.accessToken, stored?.refreshToken].filter((token) => token !== undefined))
  }
  await ask(["auth", "login", "--username", "ann@example.com", "--password", marks.password])
  const loggedIn = await world.login("ann@example.com")
  printed.push(loggedIn.out, loggedIn.err)
  await keep()
  for (const format of ["table", "json", "yaml"]) await ask(["auth", "status", "--output", format])
  await ask(["auth", "refresh"])
  await keep()
  await ask(["workspaces", "list"])
  await ask(["doctor", "--config", world.file])
  world.idp.expire("RefreshToken")
  await ask(["auth", "refresh"])
  for (const [, options] of refusals) {
    const token = await minted(world, { ...options, claims: { ...options.claims, jti: marks.id } })
    tokens.push(token)
    for (const args of [["auth", "status"], ["workspaces", "list"], ["doctor", "--config", world.file], ["doctor"]])
      await ask(args, { PORTCULLIS_TOKEN: token })
    await ask(["auth", "token", "--decode", "--help"], { PORTCULLIS_TOKEN: token })
  }
  for (const token of [`${marks.claim}.${marks.claim}`, `${marks.claim} ${marks.claim}`, `Bearer ${marks.claim}`]) {
    await ask(["auth", "status"], { PORTCULLIS_TOKEN: token })
    await ask(["doctor", "--config", world.file], { PORTCULLIS_TOKEN: token })
  }
  await ask(["auth", "logout"])

  expect(tokens.length).toBeGreaterThan(refusals.length)
  const text = printed.join("\n")
  expect(text).toContain("Logged in to")
  expectNoToken(text, tokens)
  for (const secret of [marks.password, marks.peerSecret, marks.id, marks.claim]) expect(text).not.toContain(secret)
  expectNoToken(await logOf(world), tokens)
})

/** A world whose sidecar logs all that it can, and has a peer secret. */
function logged(level: string): Promise<IdentityWorld> {
  return identityWorld({ config: { log: { level }, peer_secret_file: "peer-secret" }, files: { "peer-secret": `${marks.peerSecret}\n` } })
}

function minted({ idp }: IdentityWorld, options: MintOptions = {}): Promise<string> {
  return idp.token(marks.subject, { ...options, claims: { ...claims, ...options.claims } })
}

/** The whole log of a sidecar, once it has stopped. */
async function logOf({ sidecar }: IdentityWorld): Promise<string> {
  await sidecar.kill("SIGTERM")
  return `${sidecar.out()}\n${sidecar.err()}`
}

function expectNothingOf(text: string, tokens: readonly string[]): void {
  expectNoToken(text, tokens)
  for (const [what, mark] of Object.entries(marks)) expect({ what, isThere: text.includes(mark) }).toEqual({ what, isThere: false })
}

/** Neither a token nor a part of one. The header is left aside where it is short enough to be that of anything. */
function expectNoToken(text: string, tokens: readonly string[]): void {
  const parts = new Set(tokens.flatMap((token) => token.split(".")).filter((part) => part.length >= 16))
  expect(parts.size).toBeGreaterThan(0)
  expect([...parts].filter((part) => text.includes(part))).toEqual([])
}
