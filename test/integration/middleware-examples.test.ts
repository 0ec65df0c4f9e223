import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { listening } from "../fixtures/listening.js"
import { root } from "../fixtures/sidecar.js"
import { tokenIssuer, type TokenIssuer } from "../fixtures/token-issuer.js"

const models = "/apis/models/v2/workspaces/ml-team/models"

describe.each(["express", "fastify", "hono"])("the example for %s", (framework) => {
  it("lets in, denies and refuses as its page says", async () => {
    const issuer = await tokenIssuer()
    const { url, out } = await example(framework, issuer)
    const codeOf = async (answer: Response) => [answer.status, JSON.parse(await answer.text()).code]
    const as = async (account: string) => ({
      Authorization: `Bearer ${await issuer.token(account, { scope: "platform:read platform:write" })}`,
      "Content-Type": "application/json",
    })

    const read = await fetch(url + models, { headers: await as("ann@example.com") })
    expect([read.status, await read.json()]).toEqual([200, { caller: "ann@example.com", models: ["resnet", "whisper"] }])
    const create = { method: "POST", body: JSON.stringify({ name: "bert" }) }
    const created = await fetch(url + models, { ...create, headers: await as("ben@example.com") })
    expect([created.status, await created.json()]).toEqual([201, { caller: "ben@example.com", created: "bert" }])
    expect((await fetch(url)).status).toBe(200)

    expect(await codeOf(await fetch(url + models, { ...create, headers: await as("ann@example.com") }))).toEqual([403, "role_insufficient"])
    expect(await codeOf(await fetch(url + models))).toEqual([401, "no_credentials"])
    expect(await codeOf(await fetch(url + models, { headers: { Authorization: "Bearer nonsense" } }))).toEqual([401, "token_malformed"])
    const header = { "X-NMP-Principal-Id": "ann@example.com" }
    expect(await codeOf(await fetch(url + models, { headers: header }))).toEqual([401, "principal_header_rejected"])
    expect(out()).toContain(`POST ${models} ann@example.com role_insufficient\n`)
  })

  it("says in one line what to do when the port is taken", async () => {
    const taken = createServer()
    const url = await listening(taken)
    onTestFinished(() => void taken.close())
    const env = { PATH: process.env["PATH"] ?? "", PORT: new URL(url).port }
    const { status, stderr } = spawnSync(process.execPath, [join(root, `examples/${framework}/server.mjs`)], { env, encoding: "utf8" })
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^[^\n]*PORT=\n$/)])
  })
})

/** Starts an example as its readers do; it ends with the test. */
async function example(framework: string, { issuer }: TokenIssuer): Promise<{ readonly url: string; readonly out: () => string }> {
  const child = spawn(process.execPath, [join(root, `examples/${framework}/server.mjs`)], {
    env: { PATH: process.env["PATH"] ?? "", ISSUER: issuer, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  })
  const exited = once(child, "close")
  onTestFinished(async () => {
    child.kill("SIGKILL")
    await exited
  })
  let out = ""
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString()
      const [, found] = /listens on (http:\S+)/.exec(out) ?? []
      if (found !== undefined) resolve(found)
    })
    void exited.then(() => reject(new Error(`the example for ${framework} ended`)))
  })
  return { url, out: () => out }
}
