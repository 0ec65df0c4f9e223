import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { root } from "../fixtures/sidecar.js"

const run = promisify(execFile)

it("takes no more memory after a million decisions and a thousand errors out of WASM", async () => {
  const { stdout } = await run(process.execPath, ["--expose-gc", "test/fixtures/memory-probe.mjs"], { cwd: root })
  const probe = JSON.parse(stdout)
  expect(probe).toMatchObject({ errors: 1_050, decides: true })
  expect(probe.allowed).toBeGreaterThan(100_000)
  expect(probe.after).toBeLessThan(probe.before * 1.5 + 30)
})
