import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { bundleSigner, generateSigningKey } from "../../src/bundle/index.js"
import type { Pdp } from "../../src/index.js"
import { fedBy, feeder, mayRead, pdpOn, viewer } from "../fixtures/feeding.js"
import { listening } from "../fixtures/listening.js"

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "portcullis-feed-"))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

const until = (pdp: Pdp, isDone: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (!isDone()) return
      for (const stop of stops) stop()
      resolve()
    }
    const stops = [pdp.on("activation", look), pdp.on("refreshFailure", look), pdp.on("refreshRecovery", look)]
    look()
  })

describe("one Portcullis feeds another", () => {
  it("decides as the other does, at the revision of the other, and again after each change", async () => {
    const feed = await feeder()
    const pdp = await pdpOn({ bundle: fedBy(feed) })
    expect(pdp.status()).toMatchObject({ ready: true, profile: "hardened", bindings: 1, bundle: { kind: "portcullis", longPolling: true, fromDisk: false } })
    expect([mayRead(pdp, "ann"), mayRead(pdp, "ben")]).toEqual([true, false])
    expect(pdp.revision()).toBe(feed.pdp.revision())
    feed.source.add(viewer("ben"))
    await feed.pdp.refresh()
    await pdp.atLeast(feed.pdp.revision()).catch(() => undefined)
    await pdp.atLeast(feed.pdp.revision())
    expect(mayRead(pdp, "ben")).toBe(true)
    feed.source.remove(viewer("ann"))
    await feed.pdp.refresh()
    await pdp.atLeast(feed.pdp.revision())
    expect(mayRead(pdp, "ann")).toBe(false)
  })
})
