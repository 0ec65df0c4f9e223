import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setImmediate as nextTurn } from "node:timers/promises"
import { expect, it, onTestFinished } from "vitest"
import { createPdp, type Pdp } from "../../../src/index.js"
import type { BundleAnswer } from "../../../src/pdp/index.js"
import { FakeTimers } from "../source/fake-timers.js"

const todo = readFileSync("examples/custom-policy/bundle.tar.gz")

/** A PDP whose bundle's place answers when the test says so. */
function starting(persistFile: string | undefined) {
  const timers = new FakeTimers()
  const haves: (string | undefined)[] = []
  const place: { answer: (given: BundleAnswer) => void } = { answer: () => {} }
  const made = createPdp({
    bundle: {
      name: "test",
      pollSeconds: 30,
      maxBytes: 10_000_000,
      surroundings: { timers, random: () => 0.5, now: Date.now },
      waitMs: () => 0,
      read: ({ have, signal }) => {
        haves.push(have)
        return new Promise((resolve, reject) => {
          place.answer = resolve
          signal.addEventListener("abort", () => reject(new Error("ended")))
        })
      },
      ...(persistFile !== undefined && { persistFile }),
    },
  })
  onTestFinished(async () => (await made).close())
  const status: { pdp: Pdp | undefined } = { pdp: undefined }
  void made.then((pdp) => (status.pdp = pdp))
  return { timers, haves, place, made, status }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "portcullis-"))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

it("decides by the bundle on disk after 5 seconds in which its place did not answer, and by the place's when that comes", async () => {
  const persistFile = join(folder(), "kept.tar.gz")
  writeFileSync(persistFile, todo)
  const { timers, place, made, status } = starting(persistFile)
  await nextTurn()
  timers.pass(4_999)
  await nextTurn()
  expect(status.pdp).toBeUndefined()
  timers.pass(1)
  const pdp = await made
  expect(pdp.status()).toMatchObject({ ready: true, bundle: { fromDisk: true } })
  place.answer({ kind: "bundle", bytes: todo, tag: '"1"' })
  await expect.poll(() => pdp.status().bundle).toMatchObject({ fromDisk: false, etag: '"1"' })
})

it("is there, and not ready, after 30 seconds when there is nothing on disk", async () => {
  const { timers, made } = starting(join(folder(), "kept.tar.gz"))
  await nextTurn()
  timers.pass(30_000)
  expect((await made).status().ready).toBe(false)
})

it("asks with its tag when the bundle cannot be kept", async () => {
  const { place, made, haves } = starting(join(folder(), "no-such-folder", "kept.tar.gz"))
  await nextTurn()
  place.answer({ kind: "bundle", bytes: todo, tag: '"1"' })
  const pdp = await made
  const looked = pdp.refresh()
  await nextTurn()
  place.answer({ kind: "unchanged" })
  await looked
  expect(haves).toEqual([undefined, '"1"'])
})
