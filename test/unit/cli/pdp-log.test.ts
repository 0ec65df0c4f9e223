import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest"
import { textLog } from "../../../src/cli/log-stream.js"
import { logPdp } from "../../../src/cli/pdp-log.js"
import { createPdp, memorySource, PdpError, type Pdp, type PdpOptions, type Source } from "../../../src/index.js"
import { createLogger } from "../../../src/telemetry/index.js"

let folder: string
let lines: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portcullis-log-"))
  lines = []
})
afterEach(() => rmSync(folder, { recursive: true }))

async function logged(options: PdpOptions): Promise<Pdp> {
  const pdp = await createPdp(options)
  onTestFinished(() => pdp.close())
  logPdp(pdp, createLogger({ level: "info", stream: textLog((line) => void lines.push(line.slice("00:00:00 ".length).trimEnd())) }))
  return pdp
}

/** What has been logged since the last time. */
function said(pattern: RegExp): readonly string[] {
  return lines.splice(0).filter((line) => pattern.test(line))
}

function write(name: string, document: unknown): string {
  const path = join(folder, name)
  writeFileSync(`${path}.new`, JSON.stringify(document))
  renameSync(`${path}.new`, path)
  return path
}

it("says what the loader warns of and has added, at the start and when a reload changes it", async () => {
  const document = (more: object) => ({
    authz: { roles: { Viewer: { permissions: [] } }, endpoints: { "/x": { get: { permissions: [] } } }, ...more },
  })
  const path = write("static.json", document({ colour: "red" }))
  const pdp = await logged({ authorizationData: path })
  const start = said(/authorization data:|hardened profile/)
  expect(start[0]).toMatch(/^WARN authorization data: .*static\.json:1: warning unknown-key: 'colour'/)
  expect(start[1]).toMatch(/^INFO the hardened profile adds .*"GET \/health\/live: public"/)
  expect(start).toHaveLength(2)
  expect(pdp.status().authorizationData).toMatchObject({
    warnings: [{ rule: "unknown-key" }],
    added: expect.arrayContaining(["GET /status: public"]),
  })
  await pdp.refresh()
  expect(said(/authorization data:|hardened profile/)).toEqual([])
  write("static.json", document({ size: 1 }))
  await pdp.refresh()
  expect(said(/authorization data:|hardened profile/)).toEqual([expect.stringContaining("'size'")])
})

it("says which roles bindings name in vain, when that changes", async () => {
  const source = memorySource([{ principal: "ann@example.com", workspace: "ml", role: "Veiwer" }])
  const pdp = await logged({ source })
  expect(said(/role/)).toContainEqual(expect.stringMatching(/^WARN bindings name roles that .* does not have: 'Veiwer' \(did you mean 'Viewer'\?\)/))
  source.add({ principal: "ben@example.com", workspace: "ml", role: "Veiwer" })
  await pdp.refresh()
  expect(said(/bindings name roles/)).toEqual([])
  source.replace([{ principal: "ann@example.com", workspace: "ml", role: "Viewer" }])
  await pdp.refresh()
  expect(said(/every role/)).toHaveLength(1)
})

it("says when a source answers again, and how long it did not", async () => {
  const inner = memorySource([])
  let broken = false
  let now = 1_000_000
  const source: Source = {
    name: "the directory",
    read: async (after, signal) => {
      if (broken) throw new PdpError("ERR_SOURCE_UNAVAILABLE", "it is down")
      return inner.read(after, signal)
    },
    close: () => inner.close(),
  }
  const pdp = await logged({ source, now: () => now })
  broken = true
  await expect(pdp.refresh()).rejects.toThrow("it is down")
  now += 90_000
  broken = false
  await pdp.refresh()
  expect(said(/works again/)).toEqual([expect.stringMatching(/^INFO refresh works again source=the directory failures=1 failedForSeconds=90/)])
  await pdp.refresh()
  expect(said(/works again/)).toEqual([])
})
