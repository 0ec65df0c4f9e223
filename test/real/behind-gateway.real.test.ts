import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { models } from "../fixtures/gateway-requests.js"
import { decisionKey, gatewayStack } from "../fixtures/gateway-stack.js"
import { startCommand, type CommandProcess } from "../fixtures/sidecar.js"

const secret = "the-secret-by-which-a-gateway-is-known"

it("the service of examples/behind-gateway decides on nothing that NGINX has let in, and on everything else", async () => {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-behind-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [keyFile, secretFile] = [join(folder, "decision.key"), join(folder, "peer.secret")]
  writeFileSync(keyFile, decisionKey)
  writeFileSync(secretFile, secret)
  const started: { readonly service: CommandProcess; readonly url: string }[] = []
  const stack = await gatewayStack("nginx", {
    change: (text) => text.replace('X-Portcullis-Peer-Secret "";', `X-Portcullis-Peer-Secret "${secret}";`),
    async service(issuer) {
      const environment = { ISSUER: issuer, PORT: "0", DECISION_KEY_FILE: keyFile, PEER_SECRET_FILE: secretFile }
      const service = startCommand(process.execPath, ["examples/behind-gateway/server.mjs"], environment)
      const [, url = ""] = await service.printed("out", /listens on (http:\S+)/)
      started.push({ service, url })
      return Number(new URL(url).port)
    },
  })
  onTestFinished(() => stack.stop())
  const [behind] = started
  if (!behind) throw new Error("no service was started")
  const { service, url } = behind
  const ann = { Authorization: `Bearer ${await stack.token("ann@example.com")}` }
  const asked = async (at: string, headers: Readonly<Record<string, string>>, method = "GET") => {
    const answer = await fetch(at + models, { method, headers })
    return [answer.status, JSON.parse(await answer.text())]
  }

  const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
  expect(await asked(stack.gateway.url, ann)).toMatchObject([200, { caller: "ann@example.com", decision: uuid }])
  await service.printed("out", new RegExp(`GET ${models} ann@example.com allowed by the gateway`))

  expect(await asked(url, ann)).toMatchObject([200, { caller: "ann@example.com", decision: "made here" }])
  const spoofed = { "X-NMP-Principal-Id": "ann@example.com", "X-NMP-Authorized": "true", "X-Portcullis-Decision": "1.2.3.4.5" }
  expect(await asked(url, spoofed)).toMatchObject([401, { code: "principal_header_rejected" }])
  expect(await asked(stack.gateway.url, spoofed)).toMatchObject([401, { code: "no_credentials" }])
  expect(await asked(stack.gateway.url, ann, "POST")).toMatchObject([403, { code: "role_insufficient" }])
  await service.printed("out", /principal_header_rejected here peer_not_proven/)

  writeFileSync(keyFile, `${decisionKey}-of-somebody-else`)
  expect(await asked(stack.gateway.url, ann)).toMatchObject([200, { caller: "ann@example.com", decision: "made here" }])
  await service.printed("out", /ann@example.com allowed here decision_not_proven/)
  writeFileSync(keyFile, `a-key-that-comes-instead-0123456789-abcdef\n${decisionKey}\n`)
  expect(await asked(stack.gateway.url, ann)).toMatchObject([200, { decision: uuid }])
})
