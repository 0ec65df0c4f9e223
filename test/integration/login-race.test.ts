import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { beforeEach, describe, expect, it, onTestFinished } from "vitest"
import { credentialStore, type CredentialStore } from "../../src/login/index.js"
import { scriptedIdp } from "../fixtures/scripted-idp.js"
import { root } from "../fixtures/sidecar.js"

const url = "https://portcullis.example.com"
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portcullis-race-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

/** A process that asks for the token when it is told to. */
async function refresher(mode = "ask") {
  const child = spawn(process.execPath, ["test/fixtures/token-refresher.mjs", folder, url, mode], { cwd: root, stdio: ["pipe", "pipe", "inherit"] })
  const ended = once(child, "exit")
  onTestFinished(async () => {
    child.kill("SIGKILL")
    await ended
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const line = async (): Promise<string> => String((await lines.next()).value)
  expect(await line()).toBe("ready")
  return { line, go: () => void child.stdin.write("go\n"), kill: () => (child.kill("SIGKILL"), ended) }
}

/** A login that has expired, at an IdP that takes each refresh token once. */
async function expiredLogin(): Promise<{ readonly idp: Awaited<ReturnType<typeof scriptedIdp>>; readonly store: CredentialStore }> {
  const idp = await scriptedIdp(
    { body: { access_token: "access-2", token_type: "Bearer", expires_in: 3_600, refresh_token: "refresh-2" } },
    { status: 400, body: { error: "invalid_grant" } },
  )
  const store = credentialStore(folder)
  const tokens = { accessToken: "access-1", refreshToken: "refresh-1", expiresAt: 0 }
  await store.write(url, { issuer: "https://idp.example.com", clientId: "c", scopes: [], tokenEndpoint: `${idp.origin}/token`, tokens })
  return { idp, store }
}

describe("several processes with one login", () => {
  it("refresh it once, and all have the new token", async () => {
    const { idp } = await expiredLogin()
    const processes = await Promise.all(Array.from({ length: 4 }, () => refresher()))
    for (const one of processes) one.go()
    const answers: { readonly token: string; readonly refreshes: number }[] = await Promise.all(
      processes.map(async ({ line }) => JSON.parse(await line())),
    )
    expect(answers.map(({ token }) => token)).toEqual(processes.map(() => "access-2"))
    expect(answers.reduce((sum, { refreshes }) => sum + refreshes, 0)).toBe(1)
    expect(idp.asked).toHaveLength(1)
  })

  it("go on when one is killed while it holds the lock, and still refresh once", async () => {
    const { idp } = await expiredLogin()
    const [holder, ...others] = await Promise.all([refresher("hold"), refresher(), refresher(), refresher()])
    holder.go()
    expect(await holder.line()).toBe("held")
    for (const one of others) one.go()
    await holder.kill()
    const answers: { readonly token: string }[] = await Promise.all(others.map(async ({ line }) => JSON.parse(await line())))
    expect(answers.map(({ token }) => token)).toEqual(others.map(() => "access-2"))
    expect(idp.asked).toHaveLength(1)
    expect(await readdir(folder)).toEqual(["credentials.json"])
  })
})
