import { mkdtempSync, rmSync, statSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { hash } from "node:crypto"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { bundleSet, packFiles, type BundleFile, type PatchOperation } from "../../../src/bundle/index.js"
import { createPdp, memorySource, type BundlePdpOptions, type Pdp, type RoleBinding } from "../../../src/index.js"
import type { BundleFeed, BundleQuestion } from "../../../src/pdp/index.js"
import { patchedDocument } from "../../../src/pdp/patched-document.js"
import { FakeTimers } from "../source/fake-timers.js"

const signal = (at: number) => Date.parse("2026-01-01T00:00:00Z") + at
const viewer = (principal: string, workspace = "ml", role = "Viewer"): RoleBinding => ({ principal, workspace, role })
const rows = (pdp: Pdp): readonly string[] => [...pdp.snapshot().bindings].map((binding) => JSON.stringify(binding)).sort()
const shardOf = (principal: string): string => hash("sha256", principal, "hex").slice(0, 2)
const placeOf = (principal: string): string => `/authz_bindings/${shardOf(principal)}/principals/${principal}`
const roots = ["authz", "authz_bindings", "authz_data"]

function packed(files: Readonly<Record<string, unknown>>): Promise<Buffer> {
  const parts: BundleFile[] = Object.entries(files).map(([name, body]) => ({
    name,
    body: body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body)),
  }))
  return packFiles(parts, async () => {}).then(({ bytes }) => bytes)
}

interface Step {
  readonly op: string
  readonly path: string
  readonly value?: unknown
}
const deltaOf = (revision: string, data: readonly Step[], manifest: object = {}): Promise<Buffer> =>
  packed({ ".manifest": { revision, roots, ...manifest }, "patch.json": { data } })

/** A PDP that is asked here what it asks, and answered what the test says. */
async function fed(bytes: Uint8Array, options: Partial<BundleFeed> = {}, deciding: Partial<BundlePdpOptions> = {}) {
  const asked: BundleQuestion[] = []
  const clock = { at: 0 }
  const next = { bytes, tag: '"1"' }
  const pdp = await createPdp({
    bundle: {
      name: "test",
      pollSeconds: 30,
      maxBytes: 10_000_000,
      surroundings: { timers: new FakeTimers(), random: () => 0.5, now: () => signal(clock.at) },
      waitMs: () => 0,
      read: async (question) => {
        asked.push(question)
        return question.have === next.tag ? { kind: "unchanged" } : { kind: "bundle", ...next }
      },
      ...options,
    },
    ...deciding,
  })
  onTestFinished(() => pdp.close())
  let tags = 1
  const offer = (given: Uint8Array): Promise<void> => {
    Object.assign(next, { bytes: given, tag: `"${++tags}"` })
    return pdp.refresh()
  }
  return { pdp, asked, offer, clock, lastAsked: () => ({ have: asked.at(-1)?.have, takesDelta: asked.at(-1)?.takesDelta }) }
}

async function feeding(bindings: readonly RoleBinding[]) {
  const source = memorySource(bindings)
  const pdp = await createPdp({ authorizationData: "examples/quickstart/authorization.yaml", source })
  const bundles = bundleSet(pdp)
  onTestFinished(async () => {
    await bundles.close()
    await pdp.close()
  })
  const revision = (sequence: number): string => pdp.revision().replace(/\d+$/, String(sequence))
  return { pdp, source, bundles, revision, whole: async () => (await bundles.current("authz")).bytes }
}

describe("a delta of Portcullis' own", () => {
  it("changes what its principals hold, at its revision, and the next one leads on from it", async () => {
    const feed = await feeding([viewer("ann"), viewer("ann", "research"), viewer("ben")])
    const { pdp, offer, lastAsked } = await fed(await feed.whole())
    const events: unknown[] = []
    pdp.on("activation", (event) => events.push(event))
    expect(lastAsked()).toEqual({ have: undefined, takesDelta: false })
    await offer(
      await deltaOf(feed.revision(7), [
        { op: "upsert", path: placeOf("ann"), value: { workspaces: { ml: ["Editor", "Viewer"] } } },
        { op: "remove", path: placeOf("ben") },
        { op: "upsert", path: placeOf("cy"), value: { workspaces: { ml: ["Viewer"] } } },
      ]),
    )
    expect(lastAsked()).toEqual({ have: '"1"', takesDelta: true })
    expect(rows(pdp)).toEqual([viewer("ann", "ml", "Editor"), viewer("ann"), viewer("cy")].map((one) => JSON.stringify(one)).sort())
    expect(pdp.revision()).toBe(feed.revision(7))
    expect(events).toEqual([{ revision: feed.revision(7), cause: "bindings", changes: 4 }])
    expect(pdp.status().bundle).toMatchObject({ type: "delta", revision: feed.revision(7), etag: '"2"' })
    await offer(await deltaOf(feed.revision(8), [{ op: "replace", path: placeOf("cy"), value: { workspaces: {} } }]))
    expect(lastAsked()).toEqual({ have: '"2"', takesDelta: true })
    expect([pdp.status().bindings, pdp.revision()]).toEqual([2, feed.revision(8)])
  })

  it.each<readonly [string, (takesDelta: boolean, at: number) => boolean]>([
    ["by deltas", (takesDelta) => takesDelta],
    ["by whole bundles", () => false],
    ["by one and the other", (takesDelta, at) => takesDelta && at % 3 > 0],
  ])("leads to what the other holds, %s, through 200 random changes", async (_, mayDelta) => {
    const name = (at: number): string => ["ann", "ben/1", "~c%41", "__proto__", "group:ops", "*", "d e\u2028"][at % 7] ?? ""
    let state = 5
    const random = (below: number): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below
    const anyBinding = () => viewer(name(random(7)), `w${random(5)}`, ["Viewer", "Editor", "Admin"][random(3)])
    const feed = await feeding([viewer("ann")])
    const first = await feed.bundles.current("authz")
    let [deltas, wholes] = [0, 0]
    const read = async ({ have, takesDelta = false }: BundleQuestion) => {
      const { bytes, etag } = await feed.bundles.current("authz")
      if (etag === have) return { kind: "unchanged" as const }
      const delta = mayDelta(takesDelta, deltas + wholes) && have !== undefined ? await feed.bundles.delta("authz", have) : undefined
      if (delta) deltas++
      else wholes++
      return { kind: "bundle" as const, bytes: delta?.bytes ?? bytes, tag: etag }
    }
    const { pdp } = await fed(first.bytes, { read })
    for (let change = 0; change < 200; change++) {
      if (random(3) === 0) feed.source.remove(anyBinding())
      else feed.source.add(anyBinding())
      await feed.pdp.refresh()
      if (random(3) > 0) continue
      await pdp.refresh()
      expect(rows(pdp)).toEqual(rows(feed.pdp))
      expect(pdp.revision()).toBe(feed.pdp.revision())
    }
    expect([deltas > 25, wholes > 12]).toEqual([mayDelta(true, 1), mayDelta(true, 0) ? false : true])
  })

  const good: Step = { op: "upsert", path: placeOf("cy"), value: { workspaces: { ml: ["Viewer"] } } }

  it.each<readonly [string, string, (revision: (sequence: number) => string) => Promise<Buffer>]>([
    ["has other roots", "delta_unfit", (at) => deltaOf(at(9), [{ ...good, path: "/x/y" }], { roots: ["x"] })],
    ["has a module more", "manifest_invalid", (at) => deltaOf(at(9), [good], { wasm: [{ entrypoint: "authz/x", module: "/policy.wasm" }] })],
    ["removes who is not there", "delta_unfit", (at) => deltaOf(at(9), [good, { op: "remove", path: placeOf("dan") }])],
    ["replaces who is not there", "delta_unfit", (at) => deltaOf(at(9), [good, { op: "replace", path: placeOf("dan"), value: {} }])],
    ["has a principal in the wrong shard", "delta_unfit", (at) => deltaOf(at(9), [good, { ...good, path: "/authz_bindings/zz/principals/cy" }])],
    ["changes a whole shard", "delta_unfit", (at) => deltaOf(at(9), [good, { op: "upsert", path: "/authz_bindings/00", value: {} }])],
    ["changes roles", "delta_unfit", (at) => deltaOf(at(9), [good, { op: "upsert", path: "/authz_data/roles", value: {} }])],
    ["holds a binding that is none", "data_invalid", (at) => deltaOf(at(9), [good, { ...good, value: { workspaces: { "a/b": ["Viewer"] } } }])],
    ["holds what are no roles", "data_invalid", (at) => deltaOf(at(9), [good, { ...good, value: { workspaces: { ml: "Viewer" } } }])],
    ["is older", "revision_older", (at) => deltaOf(at(0), [good])],
    ["leads out of its roots", "outside_roots", (at) => deltaOf(at(9), [good, { ...good, path: "/x/y" }])],
    ["is empty", "patch_invalid", (at) => deltaOf(at(9), [])],
  ])("that %s changes nothing, and the whole bundle is asked for, without a tag", async (_, reason, make) => {
    const feed = await feeding([viewer("ann"), viewer("ben")])
    const whole = await feed.whole()
    const { pdp, offer, lastAsked, clock } = await fed(whole)
    const before = [rows(pdp), pdp.revision()]
    await expect(offer(await make(feed.revision))).rejects.toMatchObject({ code: "ERR_BUNDLE_INVALID", reason })
    expect([rows(pdp), pdp.revision()]).toEqual(before)
    expect(pdp.status().bundle).toMatchObject({ type: "snapshot", etag: '"1"', lastError: { reason } })
    if (reason === "manifest_invalid") return
    await offer(whole)
    expect(lastAsked()).toEqual({ have: undefined, takesDelta: false })
    expect(pdp.status().bundle).not.toHaveProperty("lastError")
    await pdp.refresh()
    expect(lastAsked()).toMatchObject({ takesDelta: false })
    clock.at = 60_000
    await pdp.refresh()
    expect(lastAsked()).toMatchObject({ takesDelta: true })
  })

  it("is not asked for where bundles must be signed, nor where their data may be edited, and refused where it comes nevertheless", async () => {
    const feed = await feeding([viewer("ann")])
    const bytes = await deltaOf(feed.revision(9), [good])
    const { pdp, offer, lastAsked } = await fed(await feed.whole(), { takesEdits: true })
    await expect(offer(bytes)).rejects.toMatchObject({ reason: "delta_refused" })
    expect(lastAsked()).toEqual({ have: '"1"', takesDelta: false })
    expect(pdp.status().bindings).toBe(1)
    const signed = await fed(bytes, { verify: { keys: {} } })
    expect(signed.pdp.status().bundle?.lastError).toMatchObject({ reason: "signature_missing" })
  })
})

describe("a delta of a bundle with compiled policies", () => {
  it("changes its data, and nothing when it does not fit", async () => {
    const wasm = await readFile("examples/own-policy/policy.wasm")
    const whole = await packed({ "policy.wasm": wasm, "data.json": { owners: { "of-ann": "ann", "of-ben": "ben" }, list: [1, { a: [1] }] } })
    const { pdp, offer } = await fed(whole)
    const owns = (name: string): unknown => pdp.evaluate("todo/allow", { principal: name, todo: `of-${name}` })
    await offer(
      await deltaOf(
        "2",
        [
          { op: "upsert", path: "/owners/of-cy", value: "cy" },
          { op: "remove", path: "/owners/of-ben" },
          { op: "upsert", path: "/deep/er/and~1/deeper", value: 1 },
          { op: "upsert", path: "/list/-", value: 3 },
          { op: "replace", path: "/list/1/a/0", value: 2 },
          { op: "upsert", path: "/list/0", value: 0 },
          { op: "remove", path: "/list/1" },
        ],
        { roots: [""] },
      ),
    )
    expect(["ann", "ben", "cy"].map(owns)).toEqual([true, false, true])
    expect(pdp.status().bundle).toMatchObject({ type: "delta", revision: "2", kind: "custom" })
    const half = [
      { op: "remove", path: "/owners/of-ann" },
      { op: "remove", path: "/owners/of-dan" },
    ]
    await expect(offer(await deltaOf("3", half, { roots: [""] }))).rejects.toMatchObject({ reason: "delta_unfit" })
    expect(["ann", "ben", "cy"].map(owns)).toEqual([true, false, true])
  })

  it.each<readonly [PatchOperation["op"], readonly string[]]>([
    ["remove", ["b"]],
    ["replace", ["a", "b"]],
    ["upsert", ["text", "b"]],
    ["remove", ["list", "2"]],
    ["upsert", ["list", "x"]],
    ["upsert", ["list", "-", "x"]],
    ["replace", ["list", "-"]],
    ["remove", ["toString"]],
  ])("has nothing to %s at %j", (op, path) => {
    const document = { a: {}, text: "x", list: [1, 2] }
    expect(() => patchedDocument(document, [{ op, path, value: 1 }])).toThrow(expect.objectContaining({ reason: "delta_unfit" }))
    expect(document).toEqual({ a: {}, text: "x", list: [1, 2] })
  })

  it("takes ten thousand operations in no more time than it takes to name them", () => {
    const document = { roles: {}, list: [{ x: 1 }] }
    const startedAt = performance.now()
    const patched = patchedDocument(
      document,
      Array.from({ length: 10_000 }, (_, at) => ({ op: "upsert", path: ["roles", `r${at}`], value: at })),
    )
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    expect(Object.keys(Object(patched).roles)).toHaveLength(10_000)
    expect(Object(patched).list).toBe(document.list)
    expect(document).toEqual({ roles: {}, list: [{ x: 1 }] })
  })

  it("takes every name for a name", () => {
    const patched = patchedDocument({}, [{ op: "upsert", path: ["__proto__", ""], value: 1 }])
    expect(JSON.stringify(patched)).toBe('{"__proto__":{"":1}}')
  })
})

describe("the bundle on disk", () => {
  it("is the whole one, which is asked for a minute after the first delta, or when there was nothing new", async () => {
    const folder = mkdtempSync(join(tmpdir(), "portcullis-delta-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const persistFile = join(folder, "authz.tar.gz")
    const feed = await feeding([viewer("ann")])
    const whole = await feed.whole()
    const { pdp, offer, lastAsked, clock } = await fed(whole, { persistFile })
    const step = (sequence: number) =>
      deltaOf(feed.revision(sequence), [{ op: "upsert", path: placeOf("cy"), value: { workspaces: { ml: [`R${sequence}`] } } }])
    await offer(await step(7))
    clock.at = 59_000
    await offer(await step(8))
    expect(lastAsked()).toEqual({ have: '"2"', takesDelta: true })
    expect((await readFile(persistFile)).equals(whole)).toBe(true)
    expect(statSync(persistFile).mtimeMs).toBe(signal(0))
    clock.at = 60_000
    const later = await feeding([viewer("ann"), viewer("cy")])
    await offer(await later.whole())
    expect(lastAsked()).toEqual({ have: undefined, takesDelta: false })
    expect((await readFile(persistFile)).equals(await later.whole())).toBe(true)
    expect([pdp.status().bundle?.type, pdp.status().bindings]).toEqual(["snapshot", 2])
    await offer(await deltaOf(later.revision(9), [{ op: "remove", path: placeOf("cy") }]))
    await pdp.refresh()
    expect(lastAsked()).toEqual({ have: '"5"', takesDelta: true })
    await pdp.refresh().catch(() => undefined)
    expect(lastAsked()).toEqual({ have: undefined, takesDelta: false })
  })
})
