import { hash } from "node:crypto"
import { readFileSync } from "node:fs"
import { describe, expect, it, onTestFinished } from "vitest"
import { bundleSet, packFiles, readBundle, regoFiles, type BundleFile } from "../../../src/bundle/index.js"
import { createPdp, fileBundle, PdpError, type BundlePdpOptions, type Pdp } from "../../../src/index.js"
import type { BundleAnswer, BundleFeed } from "../../../src/pdp/index.js"
import { FakeTimers } from "../source/fake-timers.js"

const todo = readFileSync("examples/custom-policy/bundle.tar.gz")
const wasm = readFileSync("examples/own-policy/policy.wasm")
const example = "examples/quickstart/authorization.yaml"

interface Place {
  answer: () => BundleAnswer | Promise<BundleAnswer>
  readonly haves: (string | undefined)[]
}

/** A PDP whose bundle comes from the test. */
async function pdpAt(first: Uint8Array | PdpError, options: Partial<BundlePdpOptions> & { readonly feed?: Partial<BundleFeed> } = {}) {
  const { feed = {}, ...others } = options
  const answerOf = (given: Uint8Array | PdpError) => (): BundleAnswer => {
    if (given instanceof PdpError) throw given
    return { kind: "bundle", bytes: given, tag: `"${given.length}"` }
  }
  const place: Place = { answer: answerOf(first), haves: [] }
  const pdp = await createPdp({
    bundle: {
      name: "test",
      pollSeconds: 30,
      maxBytes: 10_000_000,
      surroundings: { timers: new FakeTimers(), random: () => 0.5, now: () => Date.parse("2026-01-01T00:00:00Z") },
      waitMs: () => 0,
      read: async ({ have }) => {
        place.haves.push(have)
        return place.answer()
      },
      ...feed,
    },
    ...others,
  })
  onTestFinished(() => pdp.close())
  const offer = (given: Uint8Array | PdpError): Promise<void> => {
    place.answer = answerOf(given)
    return pdp.refresh()
  }
  return { pdp, place, offer }
}

function packed(files: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> {
  const parts: BundleFile[] = Object.entries(files).map(([name, body]) => ({ name, body: Buffer.from(body) }))
  return packFiles(parts, async () => {}).then(({ bytes }) => bytes)
}

/** A principal whose SHA-256 begins with 00. */
const inShard00 = Array.from({ length: 10_000 }, (_, at) => `p${at}`).find((name) => hash("sha256", name, "hex").startsWith("00")) ?? ""

const owners = (...names: readonly string[]) => JSON.stringify({ owners: Object.fromEntries(names.map((name) => [`of-${name}`, name])) })
const owns = (pdp: Pdp, name: string): unknown => pdp.evaluate("todo/allow", { principal: name, todo: `of-${name}` })

describe("a bundle with compiled policies", () => {
  it("decides by its entrypoints, on its data", async () => {
    const { pdp } = await pdpAt(todo)
    expect(pdp.status()).toMatchObject({
      ready: true,
      profile: "custom",
      policy: { entrypoints: ["todo/allow", "todo/readable"] },
      bundle: { source: "test", kind: "custom", revision: "1", bytes: todo.length, activatedAt: "2026-01-01T00:00:00.000Z", longPolling: false },
    })
    expect(pdp.evaluate("todo/allow", { principal: "ann", action: "update", todo: { owner: "ann" } })).toBe(true)
    expect(
      pdp.evaluate("todo/readable", {
        principal: "gus",
        todos: [
          { id: 1, owner: "ann" },
          { id: 2, owner: "gus" },
        ],
      }),
    ).toEqual([2])
    expect(() => pdp.authorize({ principal: { id: "ann" }, method: "GET", path: "/" })).toThrow(
      expect.objectContaining({ code: "ERR_ENTRYPOINT_UNKNOWN" }),
    )
    expect(() => pdp.snapshot()).toThrow(expect.objectContaining({ code: "ERR_PDP_NOT_READY" }))
    expect(pdp.data).toBeUndefined()
  })

  it("needs no manifest; counts activations; and asks with the tag of the one that decides", async () => {
    const { pdp, place, offer } = await pdpAt(await packed({ "policy.wasm": wasm, "data.json": owners("ann") }))
    const [before] = [pdp.revision()]
    expect([owns(pdp, "ann"), owns(pdp, "ben")]).toEqual([true, false])
    const events: unknown[] = []
    pdp.on("activation", (event) => events.push(event))
    await offer(await packed({ "policy.wasm": wasm, "data.json": owners("ann", "ben") }))
    expect(owns(pdp, "ben")).toBe(true)
    expect(pdp.revision()).not.toBe(before)
    await pdp.atLeast(pdp.revision())
    expect(events).toMatchObject([{ cause: "policy", changes: 1 }])
    expect(place.haves[1]).toMatch(/^"\d+"$/)
    await pdp.refresh()
    expect(events).toHaveLength(1)
  })

  it.each([
    ["a broken one", async () => Buffer.from("no gzip"), "gzip_invalid"],
    ["one without policies", () => packed({ "data.json": "{}" }), "not_compiled"],
    ["one with Rego alone", () => packed({ "a.rego": "package a" }), "not_compiled"],
    ["a delta", () => packed({ "patch.json": '{"data":[{"op":"upsert","path":"/owners","value":{}}]}' }), "delta_unfit"],
    [
      "one with data outside of its roots",
      () => packed({ ".manifest": '{"roots":["a"]}', "data.json": '{"b":1}', "policy.wasm": wasm }),
      "outside_roots",
    ],
    ["one that is signed", () => packed({ ".signatures.json": '{"signatures":["x"]}', "policy.wasm": wasm }), "verification_key_missing"],
  ])("stays when %s comes, and says why", async (_, make, reason) => {
    const { pdp, offer } = await pdpAt(todo)
    const revision = pdp.revision()
    await expect(offer(await make())).rejects.toMatchObject({ code: "ERR_BUNDLE_INVALID", reason })
    expect(pdp.status()).toMatchObject({ ready: true, revision, bundle: { revision: "1", lastError: { code: "ERR_BUNDLE_INVALID", reason } } })
    await offer(todo)
    expect(pdp.status().bundle).not.toHaveProperty("lastError")
  })

  it("stays when a module cannot be loaded, or lacks an entrypoint that is wanted", async () => {
    const { pdp, offer } = await pdpAt(todo, { entrypoints: ["todo/readable"] })
    await expect(offer(await packed({ "policy.wasm": "no module" }))).rejects.toMatchObject({ code: "ERR_POLICY_INVALID" })
    await expect(offer(await packed({ "policy.wasm": wasm }))).rejects.toMatchObject({ code: "ERR_POLICY_INVALID" })
    expect(pdp.status().ready).toBe(true)
  })

  it("asks with the tag of the one that decides after another one was refused", async () => {
    const { place, offer } = await pdpAt(todo)
    await offer(Buffer.from("no gzip")).catch(() => undefined)
    await offer(todo)
    expect(place.haves).toEqual([undefined, `"${todo.length}"`, `"${todo.length}"`])
  })

  it("may bind entrypoints to several modules", async () => {
    const manifest = {
      wasm: [
        { entrypoint: "todo/allow", module: "/a/policy.wasm" },
        { entrypoint: "authz/allow", module: "/b/policy.wasm" },
      ],
    }
    const { pdp } = await pdpAt(
      await packed({
        ".manifest": JSON.stringify(manifest),
        "a/policy.wasm": wasm,
        "b/policy.wasm": readFileSync("test/fixtures/policy/own-authz.wasm"),
        "data.json": owners("ann"),
      }),
    )
    expect(pdp.status().policy.entrypoints).toEqual(["authz/allow", "todo/allow"])
    expect(owns(pdp, "ann")).toBe(true)
    expect(pdp.authorize({ principal: { id: "ann" }, method: "GET", path: "/" }).allowed).toBe(true)
    expect(() => pdp.evaluate("authz/allow_many", {})).toThrow(expect.objectContaining({ code: "ERR_ENTRYPOINT_UNKNOWN" }))
  })

  it("takes edits of its data where that is foreseen, until the next bundle", async () => {
    const { pdp, offer } = await pdpAt(await packed({ "policy.wasm": wasm, "data.json": owners("ann") }), { feed: { takesEdits: true } })
    const revision = await pdp.data?.edit(() => JSON.parse(owners("ben")))
    expect(revision).toBe(pdp.revision())
    expect([owns(pdp, "ann"), owns(pdp, "ben"), pdp.data?.read()]).toEqual([false, true, { owners: { "of-ben": "ben" } }])
    await pdp.refresh()
    expect(owns(pdp, "ben")).toBe(true)
    await offer(await packed({ "policy.wasm": wasm, "data.json": owners("ann", "eve") }))
    expect([owns(pdp, "ben"), owns(pdp, "eve")]).toEqual([false, true])
  })

  it("is not there yet before the first one came", async () => {
    const { pdp, offer } = await pdpAt(new PdpError("ERR_SOURCE_UNAVAILABLE", "away"))
    expect(pdp.status()).toMatchObject({ ready: false, bundle: { lastError: { code: "ERR_SOURCE_UNAVAILABLE" } } })
    expect(() => pdp.evaluate("todo/allow", {})).toThrow(expect.objectContaining({ code: "ERR_PDP_NOT_READY" }))
    await offer(todo)
    expect(pdp.status().ready).toBe(true)
    await pdp.close()
    expect(() => pdp.evaluate("todo/allow", {})).toThrow(expect.objectContaining({ code: "ERR_CLOSED" }))
  })
})

describe("a bundle of Portcullis' own", () => {
  const bindings = [{ principal: "ann", workspace: "ml", role: "Viewer" }]
  const ask = (pdp: Pdp, id: string): boolean => pdp.authorize({ principal: { id }, method: "GET", path: "/apis/entities/v2/workspaces/ml" }).allowed

  async function built(
    revision: string,
    rows = bindings,
    profile: "hardened" | "nemo" = "hardened",
    rego?: NonNullable<Parameters<typeof bundleSet>[1]>["rego"],
  ): Promise<Buffer> {
    const pdp = await createPdp({ authorizationData: example, profile })
    const { authzData } = pdp.snapshot()
    await pdp.close()
    const origin = { revision: () => revision, snapshot: () => ({ revision, profile, authzData, bindings: rows }) }
    const bundles = bundleSet(origin, rego && { rego })
    const { bytes } = await bundles.current("authz")
    await bundles.close()
    return bytes
  }

  it("decides by the compiled policy, at its own revision; a change of bindings is one", async () => {
    const { pdp, offer } = await pdpAt(await built("0000000a.1"))
    expect(pdp.status()).toMatchObject({ profile: "hardened", revision: "0000000a.1", bindings: 1, bundle: { kind: "portcullis" } })
    expect([ask(pdp, "ann"), ask(pdp, "ben")]).toEqual([true, false])
    const events: unknown[] = []
    pdp.on("activation", (event) => events.push(event))
    await offer(await built("0000000a.2", [{ principal: "ben", workspace: "ml", role: "Viewer" }]))
    expect([ask(pdp, "ann"), ask(pdp, "ben")]).toEqual([false, true])
    expect(events).toEqual([{ revision: "0000000a.2", cause: "bindings", changes: 2 }])
  })

  it("is refused when it is older than what decides, and taken when it is of another epoch", async () => {
    const { pdp, offer } = await pdpAt(await built("0000000a.5"))
    await expect(offer(await built("0000000a.4", []))).rejects.toMatchObject({ code: "ERR_BUNDLE_INVALID", reason: "revision_older" })
    expect(ask(pdp, "ann")).toBe(true)
    await offer(await built("0000000b.1", []))
    expect([ask(pdp, "ann"), pdp.revision()]).toEqual([false, "0000000b.1"])
  })

  it("ends the waiting for a revision of an epoch that is over", async () => {
    const { pdp, offer } = await pdpAt(await built("0000000a.5"))
    const waiting = pdp.atLeast("0000000a.6")
    await offer(await built("0000000b.9", []))
    await expect(waiting).rejects.toMatchObject({ code: "ERR_REVISION_UNKNOWN_EPOCH" })
  })

  it("counts for itself when its revision is a name", async () => {
    const { pdp, offer } = await pdpAt(await built("spring"))
    const before = pdp.revision()
    expect(before).toMatch(/\.1$/)
    await offer(await built("summer", []))
    expect(pdp.revision()).toBe(before.replace(/1$/, "2"))
    await pdp.atLeast(pdp.revision())
  })

  it("is refused when it is of another profile, or of other rules", async () => {
    const { pdp, offer } = await pdpAt(await built("1"))
    await expect(offer(await built("2", bindings, "nemo"))).rejects.toMatchObject({ reason: "profile_differs" })
    const other = async (): Promise<readonly BundleFile[]> => [
      ...(await regoFiles("hardened")),
      { name: "authz/more.rego", body: Buffer.from("package authz\n") },
    ]
    await expect(offer(await built("2", bindings, "hardened", other))).rejects.toMatchObject({ reason: "policy_differs" })
    expect(ask(pdp, "ann")).toBe(true)
    const nemo = await pdpAt(await built("2", bindings, "nemo"), { profile: "nemo" })
    expect(nemo.pdp.status()).toMatchObject({ ready: true, profile: "nemo" })
  })

  it.each([
    ["a principal in the shard of another one", { principals: { ann: { workspaces: { ml: ["Viewer"] } } } }],
    ["a binding that is none", { principals: { [inShard00]: { workspaces: { "a/b": ["Viewer"] } } } }],
    ["roles that are no list", { principals: { [inShard00]: { workspaces: { ml: "Viewer" } } } }],
  ])("is refused with %s, and nothing of it decides", async (_, shard) => {
    const good = await built("0000000a.1")
    const { pdp, offer } = await pdpAt(good)
    const { files } = await readBundle(good)
    const altered = Object.fromEntries([...files, ["authz_bindings/00/data.json", Buffer.from(JSON.stringify(shard))] as const])
    await expect(offer(await packed(altered))).rejects.toMatchObject({ code: "ERR_BUNDLE_INVALID", reason: "data_invalid" })
    expect([ask(pdp, "ann"), ask(pdp, inShard00), pdp.status().bindings]).toEqual([true, false, 1])
  })

  it("takes neither entrypoints nor further data", async () => {
    const { pdp } = await pdpAt(await built("0000000a.1"), { entrypoints: ["authz/allow"] })
    expect(pdp.status()).toMatchObject({ ready: false, bundle: { lastError: { code: "ERR_BUNDLE_INVALID", reason: "data_conflict" } } })
  })

  it("may come after a custom one, and before one", async () => {
    const { pdp, offer } = await pdpAt(todo)
    await offer(await built("0000000a.1"))
    expect([pdp.status().profile, ask(pdp, "ann")]).toEqual(["hardened", true])
    await offer(todo)
    expect([pdp.status().profile, pdp.status().bindings]).toEqual(["custom", 0])
  })
})

describe("a bundle in a file", () => {
  it("says what is wrong with the file", async () => {
    const pdp = await createPdp({ bundle: fileBundle({ path: "nowhere.tar.gz" }) })
    expect(pdp.status()).toMatchObject({ ready: false, bundle: { lastError: { code: "ERR_SOURCE_UNAVAILABLE" } } })
    await pdp.close()
  })

  it("is not read again while it is the same", async () => {
    const bundle = fileBundle({ path: "examples/custom-policy/bundle.tar.gz" })
    const { signal } = new AbortController()
    const first = await bundle.read({ waitMs: 0, signal })
    expect(first.kind).toBe("bundle")
    expect(await bundle.read({ waitMs: 0, signal, have: "tag" in first ? first.tag : undefined })).toEqual({ kind: "unchanged" })
    await expect(fileBundle({ path: "examples/custom-policy/bundle.tar.gz", maxBytes: 9 }).read({ waitMs: 0, signal })).rejects.toMatchObject({
      code: "ERR_SOURCE_UNAVAILABLE",
    })
  })
})

it.each([{ source: {} }, { authorizationData: {} }, { snapshotFile: "x" }, { policy: {} }, { bundle: {} }, { refresh: 1 }])(
  "a bundle does not go together with %j",
  async (option) => {
    const bundle = fileBundle({ path: "examples/custom-policy/bundle.tar.gz" })
    await expect(Reflect.apply(createPdp, undefined, [{ bundle, ...option }])).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
  },
)
