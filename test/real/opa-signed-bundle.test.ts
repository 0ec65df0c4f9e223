import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gunzipSync, gzipSync } from "node:zlib"
import { packTar, unpackTar } from "modern-tar"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import {
  bundleSet,
  bundleSigner,
  generateSigningKey,
  readBundle,
  signatureAlgorithms,
  verifyBundle,
  type Bundle,
  type BundleOrigin,
  type BundleSet,
  type SigningKey,
} from "../../src/bundle/index.js"
import { createPdp, memorySource, type Pdp, type RoleBinding } from "../../src/index.js"
import { fileHash } from "../../src/bundle/file-hash.js"
import { bundleOpa, bundleServer, opaRefuses, opaSigned, until } from "../fixtures/bundle-opa.js"

const odd = ['odd "name" ✓', "a/b", "50%25~1", "~/%2f", "__proto__", "1e3", "\u2028\u{1f600}\uff00<&>", "with\bcontrol"]
const awkward: readonly RoleBinding[] = odd.map((principal) => ({ principal, workspace: "ml-team", role: "Viewer" }))
const awkwardData = { z: [1.0, 1e21, 1e-7, -0.5, 12, 1.5e300], "\uff00": "<&>\u2028", "\u{1f600}": { b: null, a: true } }

let folder = ""
let stops: (() => Promise<void>)[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portcullis-signed-"))
})
afterEach(async () => {
  for (const stop of stops.toReversed()) await stop()
  stops = []
  await rm(folder, { recursive: true })
})

const still = (bindings: readonly RoleBinding[]): BundleOrigin => {
  const content = { revision: "00000000.1", profile: "hardened" as const, authzData: awkwardData, bindings }
  return { snapshot: () => content, revision: () => content.revision }
}

/** The bundle in a file, and its public key in another one. */
const inFiles = async (bytes: Uint8Array, { publicKeyPem }: SigningKey): Promise<readonly [bundle: string, key: string]> => {
  const paths = [join(folder, "bundle.tar.gz"), join(folder, "public.pem")] as const
  await writeFile(paths[0], bytes)
  await writeFile(paths[1], publicKeyPem)
  return paths
}

const signedBundle = (key: SigningKey, scope?: string): Promise<Bundle> =>
  bundleSet(still(awkward), { signer: bundleSigner({ ...key, ...(scope !== undefined && { scope }) }) }).current("authz")

type Files = Map<string, Uint8Array>
const repacked = async (bytes: Uint8Array, change: (files: Files) => void): Promise<Uint8Array> => {
  const files: Files = new Map((await unpackTar(gunzipSync(bytes))).map(({ header, data }) => [header.name, data ?? new Uint8Array()]))
  change(files)
  return gzipSync(await packTar([...files].map(([name, body]) => ({ header: { name, size: body.length, type: "file" as const }, body }))))
}

/** Our word on it and OPA's. */
const refusals = async (
  bytes: Uint8Array,
  key: SigningKey,
  scope = "",
  keyId = key.keyId,
): Promise<readonly [ours: unknown, opas: string | undefined]> => {
  const ours = await readBundle(bytes, { verification: { keys: { [key.keyId]: key }, keyId, scope } }).then(
    () => undefined,
    (thrown: unknown) => (thrown instanceof Error && "reason" in thrown ? thrown.reason : thrown),
  )
  const [bundle, publicKey] = await inFiles(bytes, key)
  return [ours, await opaRefuses(bundle, publicKey, { "signing-alg": key.algorithm, "verification-key-id": key.keyId, scope })]
}

describe("a signed bundle", () => {
  it.each(signatureAlgorithms)("is verified by OPA with %s", async (algorithm) => {
    const key = await generateSigningKey(algorithm)
    expect(await refusals((await signedBundle(key, "read")).bytes, key, "read")).toEqual([undefined, undefined])
  })

  it.each<readonly [string, (files: Files) => void, string, RegExp]>([
    ["of which data was changed", (files) => files.set("authz_data/data.json", Buffer.from("{}")), "digest_mismatch", /digest mismatch/],
    [
      "of which Rego was changed",
      (files) => files.set("authz/allow.rego", Buffer.from("package authz\n\nallow := true\n")),
      "digest_mismatch",
      /digest mismatch/,
    ],
    ["of which a file is missing", (files) => files.delete("authz_data/data.json"), "file_missing", /specified in bundle signatures but not found/],
    ["with a file more", (files) => files.set("authz_data/x/data.json", Buffer.from("{}")), "file_not_signed", /not included in bundle signature/],
    ["whose manifest was changed", (files) => files.set(".manifest", Buffer.from('{"roots":[""]}')), "digest_mismatch", /digest mismatch/],
    ["whose signature was taken out", (files) => files.delete(".signatures.json"), "signature_missing", /bundle missing .signatures.json file/],
    [
      "with a second signature",
      (files) => files.set(".signatures.json", Buffer.from(String(files.get(".signatures.json") && '{"signatures":["a.b.c","a.b.c"]}'))),
      "signature_malformed",
      /multiple JWTs not supported/,
    ],
  ])("%s is refused by OPA and by us", async (_, change, reason, message) => {
    const key = await generateSigningKey("ES256")
    const [ours, opas] = await refusals(await repacked((await signedBundle(key)).bytes, change), key)
    expect([ours, opas]).toEqual([reason, expect.stringMatching(message)])
  })

  it("is good with other white space, another order, and whatever Go writes otherwise", async () => {
    const key = await generateSigningKey("ES256")
    const spread = await repacked((await signedBundle(key)).bytes, (files) => {
      const text = Buffer.from(files.get("authz_data/data.json") ?? []).toString()
      files.set("authz_data/data.json", Buffer.from(JSON.stringify(JSON.parse(text), null, 3).replaceAll("<", "\\u003c")))
    })
    expect(await refusals(spread, key)).toEqual([undefined, undefined])
  })

  it.each([
    [
      "data.json",
      '{"a":1.0,"b":1E5,"c":-0,"e":[1e-7,0.10,12345678901234567890123],"f":"<&>\\u2028\\b\u007f\\ud83d\\ude00\\/","\uff00":1,"\u{1f600}":2}',
    ],
    ["data.json", '{"a":1,"a":{"z":null,"y":[]},"\\u0000":"\\ud800"}'],
    [
      "data.yaml",
      "a: yes\nb: 0x1f\nc: 1.50\nd: 2001-12-14\ne: 012\nf: 1e3\ng: ~\nh: |\n  two\n  lines\ni: [1_000, off, 'on', -.5, 0b11]\nj: 12345678901234567\n1: k\n",
    ],
    ["x/data.yml", "a:   1\n"],
    ["x.rego", "package x\r\n\n\n"],
  ])("may hold %s with whatever Go reads otherwise: %s", async (name, text) => {
    const key = await generateSigningKey("ES256")
    const body = Buffer.from(text)
    const signatures = await bundleSigner(key)([{ name, hash: fileHash(name, body) }])
    const files: Files = new Map([
      [name, body],
      [signatures.name, signatures.body],
    ])
    const bytes = gzipSync(
      await packTar([...files].map(([entry, of]) => ({ header: { name: entry, size: of.length, type: "file" as const }, body: of }))),
    )
    const [bundle, publicKey] = await inFiles(bytes, key)
    expect(await opaRefuses(bundle, publicKey, { "signing-alg": "ES256", "verification-key-id": key.keyId })).toBeUndefined()
    await expect(verifyBundle(files, { keys: { [key.keyId]: key } })).resolves.toMatchObject({ files: 1 })
  })

  it("that OPA has signed is good", async () => {
    const key = await generateSigningKey("ES256")
    await mkdir(join(folder, "in/sub"), { recursive: true })
    await writeFile(join(folder, "in/data.json"), '{"a": 1.0, "b": [1E5, "<&>"]}')
    await writeFile(join(folder, "in/sub/data.yaml"), "c: {d: yes}\n")
    await writeFile(join(folder, "in/x.rego"), "package x\n\np := 1\n")
    await writeFile(join(folder, "private.pem"), key.privateKeyPem)
    const bytes = await opaSigned(join(folder, "in"), join(folder, "private.pem"), "ES256")
    expect(await readBundle(bytes, { verification: { keys: { opas: key }, keyId: "opas" } })).toMatchObject({
      data: { a: 1, b: [100_000, "<&>"], sub: { c: { d: true } } },
      verified: { keyId: "opas" },
    })
  })

  it("for another scope, or by another key, is refused by OPA and by us", async () => {
    const [key, other] = await Promise.all([generateSigningKey("ES256"), generateSigningKey("ES256")])
    const { bytes } = await signedBundle(key, "read")
    expect(await refusals(bytes, key, "write")).toEqual(["scope_mismatch", expect.stringContaining("scope mismatch")])
    expect(await refusals(bytes, key, "")).toEqual(["scope_mismatch", expect.stringContaining("scope mismatch")])
    expect(await refusals(bytes, { ...other, keyId: key.keyId }, "read")).toEqual([
      "signature_invalid",
      expect.stringContaining("failed to verify JWT signature"),
    ])
  })

  it("is taken by a running OPA, one by an unknown key is not, and EdDSA is no algorithm to it", async () => {
    const [key, unknown] = await Promise.all([generateSigningKey("ES256"), generateSigningKey("ES256")])
    let bundle = await signedBundle(unknown, "read")
    const server = await bundleServer(async () => bundle)
    const keys = { [key.keyId]: { algorithm: key.algorithm, key: key.publicKeyPem, scope: "read" } }
    const opa = await bundleOpa(server.url, ["authz"], { keys, signing: {} })
    stops = [server.stop, opa.stop]
    await until(async () => opa.log().includes(`verification key corresponding to ID ${unknown.keyId} not found`))
    expect(await opa.isActive()).toBe(false)
    bundle = await signedBundle(key, "read")
    server.news()
    await until(opa.isActive)

    const eddsa = await bundleOpa(server.url, ["authz"], { keys: { k: { algorithm: "EdDSA", key: key.publicKeyPem } } })
    stops.push(eddsa.stop)
    await until(async () => eddsa.log().includes("unsupported algorithm 'EdDSA'"))
  })
})

const names = ["ann", "ben", "group:ops", "service:indexer", "*", "root@example.com", ...odd]
const workspaces = ["ml-team", "research", "system", "a b/ü"].map((name) => name.replace("/", "-"))
const roles = ["Viewer", "Editor", "Admin", "PlatformAdmin", "WorkspaceCreator"]
const paths = ["/apis/models/v2/workspaces/ml-team/models", "/apis/models/v2/workspaces/research/models/x", "/apis/entities/v2/workspaces"]

function* randomNumbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    yield state >>> 8
  }
}

describe("what an OPA decides", () => {
  const world = async (bindings: readonly RoleBinding[]): Promise<{ pdp: Pdp; source: ReturnType<typeof memorySource>; bundles: BundleSet }> => {
    const source = memorySource(bindings)
    const pdp = await createPdp({ authorizationData: "test/fixtures/reference-static.json", source })
    const bundles = bundleSet(pdp)
    stops.push(() => pdp.close(), bundles.close)
    return { pdp, source, bundles }
  }
  const random = randomNumbers(7)
  const one = <Item>(items: readonly [Item, ...Item[]] | readonly Item[]): Item => {
    const item = items[random.next().value % items.length]
    if (item === undefined) throw new RangeError("nothing to choose from")
    return item
  }
  const anyBinding = (): RoleBinding => ({ principal: one(names), workspace: one(workspaces), role: one(roles) })
  const question = (): readonly [entrypoint: string, input: object] => {
    const principal_id = one(names)
    if (random.next().value % 3 === 0) return ["has_role", { principal_id, workspace: one(workspaces), role: one(roles) }]
    return ["allow", { principal_id, principal_groups: one([[], ["ops"]]), method: one(["GET", "POST", "DELETE"]), path: one(paths) }]
  }
  const expectSame = async (opa: { ask(path: string, input?: unknown): Promise<unknown> }, pdp: Pdp, questions: number): Promise<void> => {
    for (let asked = 0; asked < questions; asked++) {
      const [entrypoint, input] = question()
      expect(await opa.ask(`authz/${entrypoint}`, input), JSON.stringify(input)).toEqual(pdp.evaluate(`authz/${entrypoint}`, input))
    }
  }

  it("by the parts is what it decides by the whole, and what we do", async () => {
    const { pdp, source, bundles } = await world(Array.from({ length: 60 }, anyBinding))
    const server = await bundleServer((name) => bundles.current(name))
    stops.push(server.stop)
    const parts = bundles.names.filter((name) => name !== "authz")
    expect(parts).toHaveLength(18)
    const [whole, apart] = await Promise.all([bundleOpa(server.url, ["authz"]), bundleOpa(server.url, parts)])
    stops.push(whole.stop, apart.stop)
    await until(async () => (await whole.isActive()) && (await apart.isActive()))
    await expectSame(whole, pdp, 200)
    await expectSame(apart, pdp, 200)

    source.add({ principal: "zoe", workspace: "ml-team", role: "Viewer" })
    await pdp.refresh()
    const before = server.answered.snapshot
    server.news()
    const zoe = { principal_id: "zoe", workspace: "ml-team", role: "Viewer" }
    for (const opa of [whole, apart]) await until(async () => JSON.stringify(await opa.ask("authz/has_role", zoe)).includes("true"))
    expect(server.answered.snapshot - before).toBe(2)
  })

  it("after our deltas is what we decide, through 200 changes", async () => {
    const { pdp, source, bundles } = await world(Array.from({ length: 30 }, anyBinding))
    const tags = new Map<string, string>()
    const server = await bundleServer(
      async (name) => {
        const bundle = await bundles.current(name)
        tags.set(name, bundle.etag)
        return bundle
      },
      (name, from) => bundles.delta(name, from),
    )
    stops.push(server.stop)
    const parts = bundles.names.filter((name) => name !== "authz")
    const [whole, apart] = await Promise.all([bundleOpa(server.url, ["authz"]), bundleOpa(server.url, parts)])
    stops.push(whole.stop, apart.stop)
    await until(async () => (await whole.isActive()) && (await apart.isActive()))
    await until(async () => bundles.names.every((name) => server.runs(name) === tags.get(name)))
    const snapshots = server.answered.snapshot

    for (let changes = 0; changes < 200; changes += 5) {
      for (let change = 0; change < 5; change++) {
        const held = [...pdp.snapshot().bindings]
        if (held.length > 20 && random.next().value % 2 === 0) source.remove(one(held))
        else source.add(anyBinding())
        await pdp.refresh()
      }
      await Promise.all(bundles.names.map((name) => bundles.current(name).then(({ etag }) => tags.set(name, etag))))
      server.news()
      await until(async () => bundles.names.every((name) => server.runs(name) === tags.get(name)))
      await expectSame(whole, pdp, 10)
      await expectSame(apart, pdp, 10)
    }
    expect(await whole.ask("authz_bindings").then(principalsOf)).toEqual(bindingsOf(pdp))
    expect(await apart.ask("authz_bindings").then(principalsOf)).toEqual(bindingsOf(pdp))
    expect([server.answered.snapshot - snapshots, server.answered.delta > 40]).toEqual([0, true])
  })
})

function bindingsOf(pdp: Pdp): readonly string[] {
  return [...pdp.snapshot().bindings].map(({ principal, workspace, role }) => JSON.stringify([principal, workspace, role])).sort()
}

function principalsOf(shards: unknown): readonly string[] {
  return entries(shards)
    .flatMap(([, shard]) =>
      entries(shard).flatMap(([, principals]) =>
        entries(principals).flatMap(([principal, held]) =>
          entries(held).flatMap(([, byWorkspace]) =>
            entries(byWorkspace).flatMap(([workspace, held]) =>
              Array.isArray(held) ? held.map((role) => JSON.stringify([principal, workspace, role])) : [],
            ),
          ),
        ),
      ),
    )
    .sort()
}

function entries(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === "object" && value !== null ? Object.entries(value) : []
}
