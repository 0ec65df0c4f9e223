import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { expect, it, onTestFinished } from "vitest"
import { testServer } from "../fixtures/test-server.js"

const waiters = 5_000
const mebibyte = 1_048_576

it("5,000 requests that wait for news cost little memory, and one change answers all of them within a second", async () => {
  const { url, port, pdp } = await testServer({ limits: { longPollSeconds: 50 } })
  const tag = (await fetch(`${url}/bundles/authz.tar.gz`, { headers: { "X-NMP-Principal-Id": "service:opa" } })).headers.get("ETag") ?? ""
  const before = process.memoryUsage().rss
  const child = spawn(process.execPath, ["test/fixtures/poll-clients.mjs", String(port), String(waiters), tag, "50"], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  onTestFinished(() => void child.kill())
  const lines: string[] = []
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line))
  await expect.poll(() => waitingAt(url), { timeout: 30_000 }).toBe(waiters)
  const grown = (process.memoryUsage().rss - before) / mebibyte
  expect((await fetch(`${url}/health`)).status).toBe(200)
  const changedAt = performance.now()
  pdp.bindings = [{ principal: "ann", workspace: "ml", role: "Viewer" }]
  pdp.advance(2)
  await expect.poll(() => lines.at(-1), { timeout: 10_000, interval: 5 }).toContain("answered")
  const took = performance.now() - changedAt
  expect(lines).toEqual(["sent", `answered {"200":${waiters}}`])
  expect(took).toBeLessThan(1_000)
  expect(grown).toBeLessThan(250)
  expect(await waitingAt(url)).toBe(0)
})

async function waitingAt(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^portcullis_bundle_polls_waiting (\d+)$/m.exec(text)?.[1])
}
