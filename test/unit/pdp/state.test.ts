import { mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createPdp, memorySource, PdpError, type Source } from "../../../src/index.js"
import { bindings, get, models, modelsPdp } from "./world.js"

let folder: string
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "portcullis-pdp-"))))
afterAll(async () => rm(folder, { recursive: true }))

describe("revisions", () => {
  it("grow by one with every change, and not without one", async () => {
    const { pdp, source } = await modelsPdp()
    const sequence = (): number => Number(pdp.revision().split(".")[1])
    expect(sequence()).toBe(1)
    source.remove({ principal: "ann@example.com", workspace: "ml", role: "Viewer" })
    await pdp.refresh()
    expect([sequence(), pdp.authorize(get("ann@example.com")).allowed]).toEqual([2, false])
    await pdp.refresh()
    expect(sequence()).toBe(2)
    await pdp.close()
  })

  it("are reached: atLeast resolves when the change decides", async () => {
    const { pdp, source } = await modelsPdp()
    const [epoch] = pdp.revision().split(".")
    const reached = pdp.atLeast(`${epoch}.2`)
    source.add({ principal: "zoe", workspace: "ml", role: "Viewer" })
    await reached
    expect(pdp.authorize(get("zoe")).allowed).toBe(true)
    await pdp.close()
  })

  it("are waited for until the caller gives up", async () => {
    const { pdp } = await modelsPdp()
    const [epoch] = pdp.revision().split(".")
    const abort = new AbortController()
    let settled = false
    const waiting = pdp.atLeast(`${epoch}.9`, { timeoutMs: 2_000_000_000, signal: abort.signal }).finally(() => (settled = true))
    const refused = expect(waiting).rejects.toMatchObject({ code: "ERR_REVISION_TIMEOUT" })
    await Promise.resolve()
    expect(settled).toBe(false)
    abort.abort()
    await refused
    await pdp.close()
  })

  it("are refused when of another epoch, malformed, too late, or of a closed PDP", async () => {
    const { pdp } = await modelsPdp()
    const [epoch] = pdp.revision().split(".")
    await expect(pdp.atLeast("00000000.1")).rejects.toMatchObject({ code: "ERR_REVISION_UNKNOWN_EPOCH" })
    await expect(pdp.atLeast("latest")).rejects.toMatchObject({ code: "ERR_INPUT_INVALID" })
    await expect(pdp.atLeast(`${epoch}.9`, { timeoutMs: 1 })).rejects.toMatchObject({ code: "ERR_REVISION_TIMEOUT" })
    await expect(pdp.atLeast(`${epoch}.9`, { timeoutMs: 2_000_000_000, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ERR_REVISION_TIMEOUT",
    })
    const waiting = expect(pdp.atLeast(`${epoch}.9`)).rejects.toMatchObject({ code: "ERR_CLOSED" })
    await pdp.close()
    await waiting
  })
})

describe("a source that fails", () => {
  const failing = (): { source: Source; mend: () => void } => {
    const inner = memorySource(bindings)
    let broken = true
    const source: Source = {
      name: "failing",
      read: async (after, signal) => {
        if (broken) throw new PdpError("ERR_SOURCE_UNAVAILABLE", "it is down")
        return inner.read(after, signal)
      },
      close: () => inner.close(),
    }
    return { source, mend: () => void (broken = false) }
  }

  it("leaves the PDP not ready, until it answers", async () => {
    const { source, mend } = failing()
    const pdp = await createPdp({ authorizationData: models, source })
    expect(() => pdp.authorize(get("ann@example.com"))).toThrow(expect.objectContaining({ code: "ERR_PDP_NOT_READY" }))
    expect(pdp.status()).toMatchObject({ ready: false, sources: [{ name: "failing", failing: { attempts: 1, message: "it is down" } }] })
    mend()
    await pdp.refresh()
    expect(pdp.authorize(get("ann@example.com")).allowed).toBe(true)
    expect(pdp.status().sources[0]).not.toHaveProperty("failing")
    await pdp.close()
  })
})

describe("authorization data from a file", () => {
  it("is reloaded when it changes, and a broken file changes nothing but the status", async () => {
    const path = join(folder, "authorization.json")
    await writeFile(path, JSON.stringify(models))
    const pdp = await createPdp({ authorizationData: path, source: memorySource(bindings) })
    const failures: string[] = []
    pdp.on("refreshFailure", ({ error }) => failures.push(error instanceof PdpError ? error.code : error.message))
    expect(pdp.authorize({ ...get("ann@example.com"), method: "DELETE" }).allowed).toBe(false)

    const wider = { ...models, roles: { ...models.roles, Viewer: { permissions: ["models.read", "models.delete"] } } }
    await writeFile(`${path}.new`, JSON.stringify(wider))
    await rename(`${path}.new`, path)
    await pdp.refresh()
    expect(pdp.authorize({ ...get("ann@example.com"), method: "DELETE" }).allowed).toBe(true)

    await writeFile(path, JSON.stringify(models).slice(0, 100))
    await expect(pdp.refresh()).rejects.toMatchObject({ code: "ERR_AUTHORIZATION_DATA_INVALID" })
    expect(pdp.authorize({ ...get("ann@example.com"), method: "DELETE" }).allowed).toBe(true)
    expect(failures).toContain("ERR_AUTHORIZATION_DATA_INVALID")
    await pdp.close()
  })

  it("may bring its own bindings, but not beside a source", async () => {
    const reference = {
      authz: {
        roles: { Reader: { permissions: ["docs.read"] } },
        endpoints: { "/docs/{workspace}": { get: { permissions: ["docs.read"] } } },
        principals: { "ann@example.com": { workspaces: { blue: ["Reader"] } } },
      },
    }
    const pdp = await createPdp({ authorizationData: reference })
    expect(pdp.authorize(get("ann@example.com", "/docs/blue")).allowed).toBe(true)
    await pdp.close()
    await expect(createPdp({ authorizationData: reference, source: memorySource(bindings) })).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
  })

  it("decides in one step with the bindings that it brings", async () => {
    const path = join(folder, "with-principals.json")
    const document = (principals: readonly string[], permission: string): string =>
      JSON.stringify({
        authz: {
          roles: { Reader: { permissions: ["docs.read"] }, Writer: { permissions: ["docs.write"] } },
          endpoints: { "/docs/{workspace}": { get: { permissions: [permission] } } },
          principals: Object.fromEntries(principals.map((name) => [name, { workspaces: { blue: ["Reader"] } }])),
        },
      })
    await writeFile(path, document(["ann@example.com", "ben@example.com"], "docs.write"))
    const pdp = await createPdp({ authorizationData: path, refreshSeconds: 1_000_000 })
    const activations: unknown[] = []
    pdp.on("activation", ({ cause, changes }) => {
      const allowed = ["ann@example.com", "ben@example.com", "eve@example.com"].map((id) => pdp.authorize(get(id, "/docs/blue")).allowed)
      activations.push({ cause, changes, allowed })
    })
    await writeFile(path, document(["ann@example.com", "eve@example.com"], "docs.read"))
    await pdp.refresh()
    expect(activations).toEqual([{ cause: "authorization-data", changes: 3, allowed: [true, false, true] }])
    await writeFile(path, document(["ben@example.com"], "docs.read"))
    await pdp.refresh()
    expect(activations.slice(1)).toEqual([{ cause: "bindings", changes: 3, allowed: [false, true, false] }])
    await writeFile(path, document(["ben@example.com"], "docs.write"))
    await pdp.refresh()
    expect(activations.slice(2)).toEqual([{ cause: "authorization-data", changes: 1, allowed: [false, false, false] }])
    await pdp.close()
  })

  it("changes nothing when it begins to bring bindings beside a source", async () => {
    const path = join(folder, "beside-a-source.json")
    const document = (permission: string, principals: object): object => ({
      authz: {
        roles: { Viewer: { permissions: ["docs.read"] }, Editor: { permissions: ["docs.write"] }, PlatformAdmin: {} },
        endpoints: { "/docs/workspaces/{workspace}": { get: { permissions: [permission] } } },
        principals,
      },
    })
    await writeFile(path, JSON.stringify(document("docs.read", {})))
    const pdp = await createPdp({ authorizationData: path, source: memorySource(bindings), refreshSeconds: 1_000_000 })
    const ask = (): boolean => pdp.authorize(get("ann@example.com", "/docs/workspaces/ml")).allowed
    const revision = pdp.revision()
    expect(ask()).toBe(true)
    await writeFile(path, JSON.stringify(document("docs.write", { ann: { workspaces: { ml: ["Editor"] } } })))
    await expect(pdp.refresh()).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
    expect([pdp.revision(), ask()]).toEqual([revision, true])
    await pdp.close()
  })

  it("keeps nobody from hearing of new bindings while it is broken", async () => {
    const path = join(folder, "broken.json")
    await writeFile(path, JSON.stringify(models))
    const source = memorySource(bindings)
    const quiet: Source = { name: "quiet", read: (after, signal) => source.read(after, signal), close: () => source.close() }
    const pdp = await createPdp({ authorizationData: path, source: quiet, refreshSeconds: 1_000_000 })
    await writeFile(path, "{")
    source.add({ principal: "zoe", workspace: "ml", role: "Viewer" })
    await expect(pdp.refresh()).rejects.toMatchObject({ code: "ERR_AUTHORIZATION_DATA_INVALID" })
    expect(pdp.authorize(get("zoe")).allowed).toBe(true)
    await pdp.close()
  })

  it("is checked at the start", async () => {
    const dangling = { ...models, roles: { ...models.roles, Viewer: { includes: ["Nobody"] } } }
    await expect(createPdp({ authorizationData: dangling })).rejects.toMatchObject({ code: "ERR_AUTHORIZATION_DATA_INVALID" })
  })
})

describe("the decision cache", () => {
  it("tells apart what differs in any part", async () => {
    const { pdp } = await modelsPdp({ cache: {} })
    const plain = await modelsPdp()
    const principals = [
      { id: "ann@example.com" },
      { id: "ann@example.com", scopes: [] },
      { id: "ann@example.com", scopes: ["platform:read"] },
      { id: "ann@example.com", scopes: ["platform:read", "x"] },
      { id: "", email: "ann@example.com" },
      { id: "a", groups: ["ops"] },
      { id: "a", groups: ["o", "ps"] },
      { kind: "service", id: "ops" },
      { kind: "service", id: "ops", onBehalfOf: { id: "ann@example.com" } },
      { kind: "service", id: "ops", onBehalfOf: { id: "zoe", groups: ["ops"] } },
      { kind: "service", id: "ops", onBehalfOf: { id: "zoe", groups: ["o", "ps"] } },
    ] as const
    for (const principal of [...principals, ...principals.toReversed()])
      for (const method of ["GET", "DELETE"]) {
        const request = { ...get(""), principal, method }
        expect(pdp.authorize(request).allowed).toBe(plain.pdp.authorize(request).allowed)
      }
    // @ts-expect-error a list is no id, whatever it looks like joined
    expect(() => pdp.authorize({ ...get(""), principal: { id: ["ann@example.com"] } })).toThrow(
      expect.objectContaining({ code: "ERR_INPUT_INVALID" }),
    )
    await pdp.close()
    await plain.pdp.close()
  })
})
