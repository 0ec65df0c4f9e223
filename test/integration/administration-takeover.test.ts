import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { createAdministration, seed, type Administration } from "../../src/administration/index.js"
import { roleBindingName } from "../../src/database/index.js"
import { createPdp, type Pdp } from "../../src/pdp/index.js"
import { sqliteSource, type DatabaseSource } from "../../src/source/index.js"

const root = { id: "root@example.com" }
const ann = { id: "ann@example.com" }
const ed = { id: "ed@example.com" }

describe("what is not to be had by a detour", () => {
  let folder: string
  let source: DatabaseSource
  let pdp: Pdp
  let administration: Administration
  const seen = async <Written extends { readonly revision: string }>(writing: Promise<Written>): Promise<Written> => {
    const written = await writing
    await pdp.atLeast(written.revision)
    return written
  }
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "portcullis-takeover-"))
    source = sqliteSource({ path: join(folder, "portcullis.db") })
    await seed(source.database, { adminEmail: root.id, everybodyCreates: true, everybodyEdits: false, everybodyViews: true })
    pdp = await createPdp({ source })
    administration = createAdministration({ pdp, database: source.database })
    await seen(administration.workspaces.create(ann, { name: "vision" }))
  })
  afterEach(async () => {
    await pdp.close()
    rmSync(folder, { recursive: true })
  })

  it("an Editor does not delete a workspace with an Admin, to be its Admin when it is made again", async () => {
    await seen(administration.members.create(ann, "vision", { principal: ed.id, roles: ["Editor"] }))
    await expect(administration.workspaces.delete(ed, "vision")).rejects.toMatchObject({ code: "ERR_DENIED", reason: "grant_not_allowed" })
    expect((await administration.members.list(ann, "vision")).data).toHaveLength(2)
    expect((await administration.workspaces.delete(ann, "vision")).value.deleted_count).toBe(1)
  })

  it.each(["service:indexer", "*"])("an Admin does not delete a workspace to be rid of what is bound to %s", async (principal) => {
    await seen(administration.members.create(root, "vision", { principal, roles: ["Viewer"] }))
    await expect(administration.workspaces.delete(ann, "vision")).rejects.toMatchObject({ code: "ERR_DENIED", reason: "grant_not_allowed" })
    await administration.workspaces.delete(root, "vision")
  })

  it("a binding never has the name of another, however their colons stand", () => {
    const bindings = ["a:b:c:d", "a::b:c"].flatMap((text) =>
      [...text.matchAll(/:/g)].flatMap(({ index: first }) =>
        [...text.matchAll(/:/g)]
          .filter(({ index }) => index > first)
          .map(({ index: second }) => ({ principal: text.slice(0, first), workspace: text.slice(first + 1, second), role: text.slice(second + 1) })),
      ),
    )
    expect(new Set(bindings.map(roleBindingName)).size).toBe(bindings.length)
  })

  it("nothing is written into a file that was removed", async () => {
    rmSync(join(folder, "portcullis.db"))
    await expect(administration.workspaces.create(ann, { name: "ghost" })).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    await expect(pdp.refresh()).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    expect(pdp.status().sources[0]?.failing?.message).toContain("there no more")
    expect(pdp.authorize({ principal: ann, method: "GET", path: "/apis/entities/v2/workspaces/vision" }).allowed).toBe(true)
  })

  it("an end beyond the years of RFC 3339 is refused", async () => {
    const expires_at = "9999-12-31T23:59:59-23:59"
    await expect(administration.members.create(ann, "vision", { principal: "far", expires_at })).rejects.toMatchObject({ code: "ERR_INPUT_INVALID" })
  })
})
