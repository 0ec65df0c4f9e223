import { mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { createPdp, PdpError, type PdpEvents, type RoleBinding, type Source } from "../../../src/index.js"
import { bindings, get, models } from "./world.js"

let folder: string
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "portcullis-announce-"))))
afterAll(async () => rm(folder, { recursive: true }))

/** A source that numbers its changes, and those it is told of. */
class NumberedSource implements Source {
  readonly name = "numbered"
  readonly told: string[] = []
  sequence = 4
  failure: Error | undefined
  held: readonly RoleBinding[] = bindings
  #onNews = (): void => undefined

  async read(after: string | undefined): ReturnType<Source["read"]> {
    const position = String(this.sequence)
    if (after === position) return { kind: "unchanged" }
    return { kind: "snapshot", position, revision: { epoch: "0a0b0c0d", sequence: this.sequence }, pages: this.#pages() }
  }

  subscribe(onNews: () => void): () => void {
    this.#onNews = onNews
    return () => undefined
  }

  async announce({ authorizationData }: { readonly authorizationData: string }): Promise<void> {
    if (this.failure) throw this.failure
    if (this.told.at(-1) === authorizationData) return
    this.told.push(authorizationData)
    this.write(this.held)
  }

  write(held: readonly RoleBinding[]): void {
    this.held = held
    this.sequence++
    this.#onNews()
  }

  async close(): Promise<void> {}

  async *#pages(): AsyncGenerator<readonly RoleBinding[]> {
    yield this.held
  }
}

describe("a source that numbers changes", () => {
  it("gives the revisions, and is told what decides", async () => {
    const source = new NumberedSource()
    const pdp = await createPdp({ authorizationData: models, source })
    expect(source.told).toEqual([pdp.status().authorizationData.digest])
    await pdp.atLeast("0a0b0c0d.5")
    expect(pdp.authorize(get("ann@example.com"))).toEqual({ allowed: true, revision: "0a0b0c0d.5" })
    source.write([])
    await pdp.atLeast("0a0b0c0d.6")
    expect(pdp.authorize(get("ann@example.com"))).toEqual({ allowed: false, revision: "0a0b0c0d.6" })
    await pdp.refresh()
    expect(source.told).toHaveLength(1)
    await pdp.close()
  })

  it("moves the revision although no binding has changed", async () => {
    const source = new NumberedSource()
    const pdp = await createPdp({ authorizationData: models, source })
    await pdp.atLeast("0a0b0c0d.5")
    const events: PdpEvents["activation"][] = []
    pdp.on("activation", (event) => events.push(event))
    source.write(source.held)
    await pdp.atLeast("0a0b0c0d.6")
    expect(events).toEqual([{ revision: "0a0b0c0d.6", cause: "bindings", changes: 0 }])
    await pdp.close()
  })

  it("makes atLeast refuse the revisions of another epoch, once the source has given its own", async () => {
    const pdp = await createPdp({ authorizationData: models, source: new NumberedSource() })
    await expect(pdp.atLeast("0a0b0c0e.1")).rejects.toMatchObject({ code: "ERR_REVISION_UNKNOWN_EPOCH" })
    await expect(pdp.atLeast("0a0b0c0d.99", { timeoutMs: 1 })).rejects.toMatchObject({ code: "ERR_REVISION_TIMEOUT" })
    await expect(pdp.atLeast("0a0b0c0d.2")).resolves.toBeUndefined()
    await pdp.close()
  })

  it("gives a revision to authorization data that have changed", async () => {
    const path = join(folder, "changed.json")
    await writeFile(path, JSON.stringify(models))
    const source = new NumberedSource()
    const pdp = await createPdp({ authorizationData: path, source })
    await pdp.atLeast("0a0b0c0d.5")
    const wider = { ...models, roles: { ...models.roles, Viewer: { permissions: ["models.read", "models.delete"] } } }
    await writeFile(`${path}.new`, JSON.stringify(wider))
    await rename(`${path}.new`, path)
    await pdp.refresh()
    await pdp.atLeast("0a0b0c0d.6")
    expect(pdp.authorize({ ...get("ann@example.com"), method: "DELETE" })).toEqual({ allowed: true, revision: "0a0b0c0d.6" })
    expect(source.told).toHaveLength(2)
    await pdp.close()
  })

  it("that cannot be told is reported, tried again, and keeps nobody from deciding", async () => {
    const source = new NumberedSource()
    source.failure = new PdpError("ERR_SOURCE_UNAVAILABLE", "read-only for now")
    const failures: PdpEvents["refreshFailure"][] = []
    const pdp = await createPdp({ authorizationData: models, source })
    pdp.on("refreshFailure", (failure) => failures.push(failure))
    expect(pdp.authorize(get("ann@example.com"))).toEqual({ allowed: true, revision: "0a0b0c0d.4" })
    await pdp.refresh()
    await pdp.refresh()
    expect(failures).toMatchObject([
      { source: "numbered", error: { code: "ERR_SOURCE_UNAVAILABLE", message: "read-only for now" }, attempt: 2 },
      { source: "numbered", attempt: 3 },
    ])
    expect(pdp.status()).toMatchObject({ ready: true })
    source.failure = undefined
    await pdp.refresh()
    await vi.waitFor(() => expect(pdp.revision()).toBe("0a0b0c0d.5"))
    expect([source.told.length, failures.length]).toEqual([1, 2])
    await pdp.close()
  })
})
