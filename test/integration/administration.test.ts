import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { otherSpellings, seed, sweepExpired, type Administration, type Change } from "../../src/administration/index.js"
import { revokeBindings, roleBindingName } from "../../src/database/index.js"
import type { Principal, RoleBinding } from "../../src/index.js"
import {
  administered,
  callers,
  outcomeOf,
  seeds,
  workspacesWith,
  workspacesWithEverybody,
  type Administered,
  type Caller,
  type Clock,
} from "../fixtures/administered.js"
import { contentsOf, numberingFaults, postgresPlace, replayed, sqlitePlace, type TestDatabase } from "../fixtures/databases.js"
import { startPostgres, type TestPostgres } from "../fixtures/postgres.js"

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.remove())

const noon = Date.parse("2030-01-31T12:00:00.000Z")
const at = (ms: number): string => new Date(noon + ms).toISOString()
const root = callers["platform admin"]
const person = (id: string): Principal => ({ id })
const bound = (principal: string, workspace: string, role: string): RoleBinding => ({ principal, workspace, role })

describe.each([
  { name: "SQLite", create: async () => sqlitePlace() },
  { name: "PostgreSQL", create: () => postgresPlace(postgres) },
])("administration on $name", ({ name: kind, create }) => {
  let place: TestDatabase
  let clock: Clock
  let here: Administered
  let administration: Administration
  let pdps: Administered[]
  beforeEach(async () => {
    place = await create()
    clock = { now: noon }
    pdps = []
    here = await another()
    ;({ administration } = here)
  })
  afterEach(async () => {
    for (const { pdp } of pdps) await pdp.close()
    await place.cleanUp()
  })

  async function another(): Promise<Administered> {
    const one = await administered(place, clock)
    pdps.push(one)
    return one
  }

  /** A second process, where the database allows one. */
  async function elsewhere(): Promise<Administered> {
    return kind === "SQLite" ? here : another()
  }

  const seen = async <Written extends { readonly revision: string }>(work: Promise<Written>): Promise<Written> => {
    const written = await work
    await here.pdp.atLeast(written.revision)
    return written
  }

  /** The active bindings in a workspace, as `principal role`. */
  async function rolesIn(workspace: string): Promise<readonly string[]> {
    const { bindings } = await contentsOf(here.database)
    return bindings
      .map((binding) => binding.split(" "))
      .filter(([, where]) => where === workspace)
      .map(([principal, , role]) => `${principal} ${role}`)
  }

  describe("who may do what", () => {
    const everybody: readonly Caller[] = [
      "stranger",
      "viewer",
      "editor",
      "admin",
      "group's member",
      "platform admin",
      "service",
      "service for a viewer",
      "service for an admin",
      "narrowed service",
    ]
    const readers: readonly Caller[] = everybody.filter((caller) => caller !== "stranger")
    const editors: readonly Caller[] = ["editor", "admin", "group's member", "platform admin", "service", "service for an admin"]
    const admins: readonly Caller[] = editors.filter((caller) => caller !== "editor")
    const platform: readonly Caller[] = ["platform admin", "service", "narrowed service"]

    const operations: Record<string, { readonly may: readonly Caller[]; readonly run: (caller: Principal, workspace: string) => Promise<unknown> }> =
      {
        "list workspaces": { may: everybody, run: (caller) => administration.workspaces.list(caller) },
        "create a workspace": { may: everybody, run: (caller, workspace) => administration.workspaces.create(caller, { name: `${workspace}.new` }) },
        "read a workspace": { may: readers, run: (caller, workspace) => administration.workspaces.get(caller, workspace) },
        "update a workspace": { may: editors, run: (caller, workspace) => administration.workspaces.update(caller, workspace, { description: "x" }) },
        // Each of these workspaces holds a binding of a service, which only a PlatformAdmin revokes.
        "delete a workspace": { may: ["platform admin"], run: (caller, workspace) => administration.workspaces.delete(caller, workspace) },
        "list members": { may: admins, run: (caller, workspace) => administration.members.list(caller, workspace) },
        "add a member": { may: admins, run: (caller, workspace) => administration.members.create(caller, workspace, { principal: "zoe" }) },
        "change a member": {
          may: admins,
          run: (caller, workspace) => administration.members.update(caller, workspace, "viewer@example.com", { roles: ["Editor"] }),
        },
        "remove a member": { may: admins, run: (caller, workspace) => administration.members.delete(caller, workspace, "viewer@example.com") },
        "list entities": { may: editors, run: (caller, workspace) => administration.entities.list(caller, workspace, "project") },
        "register an entity": {
          may: editors,
          run: (caller, workspace) => administration.entities.create(caller, workspace, "project", { name: "a" }),
        },
        "list role bindings": { may: platform, run: (caller) => administration.roleBindings.list(caller) },
        "read a role binding": {
          may: platform,
          run: (caller, workspace) => administration.roleBindings.get(caller, roleBindingName(bound("viewer@example.com", workspace, "Viewer"))),
        },
        "bind a role": {
          may: ["platform admin", "service"],
          run: (caller, workspace) => administration.roleBindings.create(caller, { principal: "zoe", workspace, role: "Editor" }),
        },
        "revoke a role binding": {
          may: platform,
          run: (caller, workspace) => administration.roleBindings.revoke(caller, roleBindingName(bound("viewer@example.com", workspace, "Viewer"))),
        },
        "read the history": { may: platform, run: (caller) => administration.changes.list(caller) },
      }

    it("each operation is done by those whom the policy allows it, and refused to all others", async () => {
      const attempts = Object.keys(operations).flatMap((operation, row) =>
        Object.entries(callers).map(([caller, principal], column) => ({ operation, caller, principal, workspace: `w${row}-${column}` })),
      )
      await workspacesWithEverybody(here, ...attempts.map(({ workspace }) => workspace))
      const doers = new Map<string, string[]>()
      for (const { operation, caller, principal, workspace } of attempts) {
        const outcome = await outcomeOf(operations[operation]?.run(principal, workspace) ?? Promise.resolve())
        if (caller === "anonymous") expect(`${operation}: ${outcome}`).toBe(`${operation}: ERR_UNAUTHENTICATED no_credentials`)
        else expect(`${operation}: ${outcome}`).toMatch(/: (done|ERR_DENIED .*)$/)
        doers.set(operation, [...(doers.get(operation) ?? []), ...(outcome === "done" ? [caller] : [])])
      }
      const expected = Object.entries(operations).map(([operation, { may }]) => [operation, everybody.filter((caller) => may.includes(caller))])
      expect(Object.fromEntries(doers)).toEqual(Object.fromEntries(expected))
    })

    it("an entity is read, changed and deleted by those who may change the workspace", async () => {
      await workspacesWithEverybody(here, "ml")
      for (const [caller, principal] of Object.entries(callers)) {
        await administration.entities.create(root, "ml", "project", { name: "p" })
        const outcomes = [
          await outcomeOf(administration.entities.get(principal, "ml", "project", "p")),
          await outcomeOf(administration.entities.update(principal, "ml", "project", "p", { data: { by: caller } })),
          await outcomeOf(administration.entities.delete(principal, "ml", "project", "p")),
        ]
        const expected = editors.some((editor) => editor === caller) ? "done" : caller === "anonymous" ? "ERR_UNAUTHENTICATED" : "ERR_DENIED"
        expect(outcomes.map((outcome) => outcome.split(" ")[0])).toEqual([expected, expected, expected])
        if (expected !== "done") await administration.entities.delete(root, "ml", "project", "p")
      }
    })

    it("a denial names what is missing only to those who hold some role there", async () => {
      await workspacesWithEverybody(here, "ml")
      const denial = (caller: Principal) => administration.members.list(caller, "ml").catch((thrown: unknown) => thrown)
      expect(await denial(callers.viewer)).toMatchObject({
        code: "ERR_DENIED",
        reason: "role_insufficient",
        details: { workspace: "ml", missing_permissions: ["workspaces.members.list"] },
      })
      const stranger = await denial(callers.stranger)
      expect(stranger).toMatchObject({ code: "ERR_DENIED" })
      expect(JSON.stringify(stranger)).not.toContain("members.list")
      expect(String(stranger)).not.toContain("members.list")
    })

    it("a workspace that is not there is denied to those who hold nothing in it, and not found for those who may see any", async () => {
      expect(await outcomeOf(administration.workspaces.get(callers.stranger, "nowhere"))).toMatch(/^ERR_DENIED/)
      for (const work of [
        () => administration.workspaces.get(root, "nowhere"),
        () => administration.workspaces.update(root, "nowhere", {}),
        () => administration.workspaces.delete(root, "nowhere"),
        () => administration.members.list(root, "nowhere"),
        () => administration.members.create(root, "nowhere", { principal: "a" }),
        () => administration.members.update(root, "nowhere", "a", { roles: ["Viewer"] }),
        () => administration.members.delete(root, "nowhere", "a"),
        () => administration.entities.list(root, "nowhere", "project"),
        () => administration.entities.create(root, "nowhere", "project", { name: "a" }),
        () => administration.roleBindings.create(root, { principal: "a", workspace: "nowhere", role: "Viewer" }),
      ])
        await expect(work()).rejects.toMatchObject({ code: "ERR_NOT_FOUND", message: "Workspace 'nowhere' not found" })
    })

    it("scopes of the caller's token count", async () => {
      await workspacesWithEverybody(here, "ml")
      const narrow = { ...callers.admin, scopes: ["entities:read"] }
      expect(await outcomeOf(administration.members.list(narrow, "ml"))).toBe("done")
      expect(await outcomeOf(administration.members.create(narrow, "ml", { principal: "zoe" }))).toBe("ERR_DENIED scope_missing")
    })

    it("nobody gets in by a name that a path could hide", async () => {
      await workspacesWithEverybody(here, "ml")
      for (const name of ["ml/members", "ml%2Fmembers", "../ml", "ml?x", "-", "*", "", ".", "ml\0", "ml;x", "ML", "ml#"])
        expect(await outcomeOf(administration.workspaces.delete(callers.admin, name))).toMatch(/^ERR_(DENIED|NOT_FOUND|INPUT_INVALID)/)
      expect((await contentsOf(here.database)).journal.filter(({ action }) => action === "workspace.deleted")).toEqual([])
    })
  })

  describe("a workspace", () => {
    it("belongs to its creator: by e-mail, else id; a service makes it for whom it acts", async () => {
      const create = (caller: Principal, name: string) => seen(administration.workspaces.create(caller, { name, description: "d" }))
      expect((await create({ id: "1", email: "ann@example.com", groups: ["ops"] }, "by-mail")).value).toEqual({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        name: "by-mail",
        description: "d",
        workspace: "by-mail",
        created_at: at(0),
        created_by: "ann@example.com",
        updated_at: at(0),
        updated_by: "ann@example.com",
      })
      await create(person("ben"), "by-id")
      await create(callers["service for a viewer"], "for-viewer")
      await create(callers.service, "by-service")
      expect(await rolesIn("by-mail")).toEqual(["ann@example.com Admin"])
      expect(await rolesIn("by-id")).toEqual(["ben Admin"])
      expect(await rolesIn("for-viewer")).toEqual(["viewer@example.com Admin"])
      expect(await rolesIn("by-service")).toEqual([])
      expect((await administration.workspaces.get(root, "for-viewer")).created_by).toBe("viewer@example.com (by service:worker)")
    })

    it("is refused to a creator whose id no binding can hold, and readers go on", async () => {
      expect(await outcomeOf(administration.workspaces.create(person("x".repeat(400)), { name: "long" }))).toBe("ERR_INPUT_INVALID")
      await seen(administration.workspaces.create(person("ann"), { name: "short" }))
      expect(await outcomeOf(administration.workspaces.get(root, "long"))).toBe("ERR_NOT_FOUND")
    })

    it("is refused under any other name", async () => {
      for (const name of ["a", "1a", "A", "Ab", "a b", "a--b", "ab-", "a/b", "a%b", "", "-", "*", "a".repeat(64), "é", "a\n"])
        expect(`${name}: ${await outcomeOf(administration.workspaces.create(root, { name }))}`).toBe(`${name}: ERR_INPUT_INVALID`)
    })

    it("works under every name that is allowed: made, read, filled, emptied and deleted", async () => {
      for (const name of ["ab", "a1", "a-b", "a@b.c", "a.b_c+d", "a..b", "a.", "x".repeat(63)]) {
        await seen(administration.workspaces.create(callers.stranger, { name }))
        await administration.workspaces.get(callers.stranger, name)
        await seen(administration.members.create(callers.stranger, name, { principal: "zoe" }))
        await administration.members.delete(callers.stranger, name, "zoe")
        await administration.entities.create(callers.stranger, name, "project", { name: "p" })
        await administration.entities.delete(callers.stranger, name, "project", "p")
        await administration.workspaces.delete(callers.stranger, name)
      }
    })

    it("is there once", async () => {
      await seen(administration.workspaces.create(person("ann"), { name: "ml" }))
      await expect(administration.workspaces.create(person("ben"), { name: "ml" })).rejects.toMatchObject({ code: "ERR_CONFLICT" })
      expect(await rolesIn("ml")).toEqual(["ann Admin"])
    })

    it("changes its description, and keeps it when none is given", async () => {
      await seen(administration.workspaces.create(person("ann"), { name: "ml", description: "first" }))
      clock.now = noon + 5_000
      const { value } = await administration.workspaces.update(person("ann"), "ml", { description: "second" })
      expect(value).toMatchObject({ description: "second", created_at: at(0), updated_at: at(5_000), updated_by: "ann" })
      expect((await administration.workspaces.update(root, "ml", {})).value).toMatchObject({ description: "second", updated_by: "root@example.com" })
      expect((await administration.workspaces.update(root, "ml", { description: "" })).value).toMatchObject({ description: "" })
      expect(await outcomeOf(administration.workspaces.update(root, "ml", { description: "\0" }))).toBe("ERR_INPUT_INVALID")
    })

    it("is not deleted while it holds entities: the refusal counts them, and nothing changes", async () => {
      await seen(administration.workspaces.create(person("ann"), { name: "ml-team" }))
      await administration.members.create(person("ann"), "ml-team", { principal: "zoe" })
      const register = (type: string, name: string) => administration.entities.create(person("ann"), "ml-team", type, { name })
      await register("project", "p1")
      for (const one of [1, 2, 3, 4, 5]) await register("dataset", `d${one}`)
      await register("project", "p2")
      await register("project", "p3")
      await register("adapter", "gone")
      await administration.entities.delete(person("ann"), "ml-team", "adapter", "gone")
      const before = await contentsOf(here.database)
      for (const caller of [person("ann"), root])
        await expect(administration.workspaces.delete(caller, "ml-team")).rejects.toMatchObject({
          code: "ERR_CONFLICT",
          reason: "workspace_not_empty",
          message: "Cannot delete workspace 'ml-team': workspace contains entities that must be deleted first: project (3), dataset (5)",
          details: {
            entities: [
              { entity_type: "project", count: 3 },
              { entity_type: "dataset", count: 5 },
            ],
          },
        })
      expect(await contentsOf(here.database)).toEqual(before)
      for (const one of [1, 2, 3]) await administration.entities.delete(person("ann"), "ml-team", "project", `p${one}`)
      await expect(administration.workspaces.delete(person("ann"), "ml-team")).rejects.toThrow(/deleted first: dataset \(5\)$/)
    })

    it("is deleted with its bindings, in one revision, and begins clean when it is made again", async () => {
      await seen(administration.workspaces.create(person("ann"), { name: "ml" }))
      for (const principal of ["zoe", "group:ops"]) await administration.members.create(person("ann"), "ml", { principal })
      await seen(administration.roleBindings.create(root, { principal: "tom", workspace: "ml", role: "Admin", expires_at: at(60_000) }))
      const { value, revision } = await seen(administration.workspaces.delete(person("ann"), "ml"))
      expect(value).toMatchObject({ message: "Workspace 'ml' deleted", deleted_count: 1 })
      expect(await rolesIn("ml")).toEqual([])
      const { data } = await administration.changes.list(root, { workspace: "ml" }, { page_size: 100 })
      const last = data.filter((change) => change.revision === revision)
      expect(last.map(({ action }) => action).sort()).toEqual([...Array<string>(4).fill("role_binding.revoked"), "workspace.deleted"])
      expect(await outcomeOf(administration.workspaces.get(person("ann"), "ml"))).toMatch(/^ERR_DENIED/)
      await seen(administration.workspaces.create(person("ben"), { name: "ml" }))
      expect((await administration.members.list(person("ben"), "ml")).data).toEqual([
        { principal: "ben", roles: ["Admin"], granted_at: at(0), granted_by: "ben" },
      ])
      expect((await administration.entities.list(person("ben"), "ml", "project")).data).toEqual([])
      expect(await outcomeOf(administration.members.list(person("ann"), "ml"))).toMatch(/^ERR_DENIED/)
      expect(replayed(await contentsOf(here.database))).toEqual((await contentsOf(here.database)).bindings)
    })

    it("'system' cannot be deleted, by anybody", async () => {
      expect(await outcomeOf(administration.workspaces.delete(root, "system"))).toBe("ERR_CONFLICT")
    })
  })

  describe("the list of workspaces", () => {
    it("holds those that each caller may read, as the database says one by one, in pages of any size", async () => {
      const random = seeded(31)
      const pick = <Item>(...items: readonly [Item, ...Item[]]): Item => items[Math.floor(random() * items.length)] ?? items[0]
      const principals = ["viewer@example.com", "editor@example.com", "4711", "group:ops", "group:dev", "service:narrow", "*", "zoe"] as const
      for (let index = 0; index < 60; index++) {
        const held = Array.from(
          { length: Math.floor(random() * 3) },
          () => [pick(...principals), pick("Viewer", "Editor", "Admin", "WorkspaceCreator")] as const,
        )
        clock.now = noon + Math.floor(random() * 10) * 1_000
        await workspacesWith(here, [`w${String(index).padStart(2, "0")}`], held)
      }
      const all = (await contentsOf(here.database)).journal
        .filter(({ action }) => action === "workspace.created")
        .map(({ workspace }) => String(workspace))
      const { bindings } = await contentsOf(here.database)
      for (const [caller, principal] of Object.entries(callers)) {
        if (caller === "anonymous") continue
        const names = here.pdp.lookups({ principal, workspace: "x", role: "x" }).principals
        const readable = (workspace: string): boolean =>
          caller === "platform admin" ||
          caller === "service" ||
          ["Viewer", "Editor", "Admin"].some((role) => names.some((name) => bindings.includes(`${name} ${workspace} ${role}`)))
        // Services hold everything where nothing else is bound to them, and both must be allowed when one acts for a person.
        const narrowed = (workspace: string): boolean =>
          ["Viewer", "Editor", "Admin", "WorkspaceCreator"].every((role) => !bindings.includes(`service:narrow ${workspace} ${role}`))
        const own = ["viewer@example.com", "admin@example.com"].find((id) => JSON.stringify(principal).includes(`"onBehalfOf":{"id":"${id}"`))
        const expected = all.filter((workspace) => {
          if (caller === "narrowed service") return narrowed(workspace) || readable(workspace)
          if (own === undefined) return readable(workspace)
          return ["Viewer", "Editor", "Admin"].some((role) => [own, "*"].some((name) => bindings.includes(`${name} ${workspace} ${role}`)))
        })
        const listed: string[] = []
        for (let page = 1, pages = 1; page <= pages; page++) {
          const { data, pagination } = await administration.workspaces.list(principal, { page, page_size: 7, sort: "name" })
          listed.push(...data.map(({ name }) => name))
          expect(pagination).toMatchObject({ page, page_size: 7, current_page_size: data.length, total_results: expected.length })
          pages = pagination.total_pages
        }
        expect([caller, ...listed]).toEqual([caller, ...expected.sort()])
      }
    })

    it("is newest first by default, and loses a workspace with the last role in it at once", async () => {
      for (const [index, name] of ["aa", "bb", "cc"].entries()) {
        clock.now = noon + index * 1_000
        await seen(administration.workspaces.create(callers.stranger, { name }))
      }
      const names = async () =>
        (await administration.workspaces.list(callers.stranger)).data.map(({ name }) => name).filter((name) => name !== "system")
      expect(await names()).toEqual(["cc", "bb", "aa"])
      await seen(administration.members.update(root, "bb", "ann", { roles: ["Admin"] }))
      await seen(administration.members.delete(callers.stranger, "bb", callers.stranger.id))
      expect(await names()).toEqual(["cc", "aa"])
    })
  })

  describe("members", () => {
    beforeEach(() => workspacesWith(here, ["ml"], [["ann", "Admin"]]))

    it("get the roles that are given, Editor by default; giving them again changes nothing", async () => {
      const first = await administration.members.create(person("ann"), "ml", { principal: "zoe" })
      expect(first.value).toEqual({ principal: "zoe", roles: ["Editor"], granted_at: at(0), granted_by: "ann" })
      clock.now = noon + 1_000
      const again = await administration.members.create(root, "ml", { principal: "zoe", roles: ["Editor", "Editor"] })
      expect(again).toEqual({ ...first, replayed: false })
      const more = await administration.members.create(root, "ml", { principal: "zoe", roles: ["Viewer"] })
      expect(more.value).toEqual({ principal: "zoe", roles: ["Editor", "Viewer"], granted_at: at(0), granted_by: "ann" })
    })

    it("have exactly the roles of an update, which also makes members", async () => {
      await administration.members.create(person("ann"), "ml", { principal: "zoe", roles: ["Editor", "Viewer"] })
      expect((await administration.members.update(person("ann"), "ml", "zoe", { roles: ["Admin", "Viewer"] })).value.roles).toEqual([
        "Admin",
        "Viewer",
      ])
      expect((await administration.members.update(person("ann"), "ml", "tom", { roles: ["Viewer"] })).value.roles).toEqual(["Viewer"])
      expect(await rolesIn("ml")).toEqual(["ann Admin", "tom Viewer", "zoe Admin", "zoe Viewer"])
    })

    it("come back after they were removed", async () => {
      await administration.members.create(person("ann"), "ml", { principal: "zoe", roles: ["Editor", "Viewer"] })
      const { value } = await administration.members.delete(person("ann"), "ml", "zoe")
      expect(value).toEqual({ id: "zoe", message: "Member 'zoe' removed from workspace 'ml'", deleted_count: 2 })
      expect(await outcomeOf(administration.members.delete(person("ann"), "ml", "zoe"))).toBe("ERR_NOT_FOUND")
      expect((await administration.members.create(person("ann"), "ml", { principal: "zoe" })).value.roles).toEqual(["Editor"])
    })

    it("are listed by principal, without those that are revoked or have expired", async () => {
      await administration.members.create(person("ann"), "ml", { principal: "zoe", roles: ["Viewer"] })
      await administration.members.create(person("ann"), "ml", { principal: "tom", expires_at: at(5_000) })
      await administration.members.create(person("ann"), "ml", { principal: "ex" })
      await administration.members.delete(person("ann"), "ml", "ex")
      const principals = async () => (await administration.members.list(person("ann"), "ml")).data.map(({ principal }) => principal)
      expect(await principals()).toEqual(["ann", "tom", "zoe"])
      clock.now = noon + 5_000
      expect(await principals()).toEqual(["ann", "zoe"])
    })

    it("with an expiry decide until then, and longer when it is put off", async () => {
      const isEditor = () => here.pdp.hasRole({ principal: person("tom"), workspace: "ml", role: "Editor" }).allowed
      await seen(administration.members.create(person("ann"), "ml", { principal: "tom", expires_at: at(5_000) }))
      clock.now = noon + 4_999
      expect(isEditor()).toBe(true)
      await seen(administration.members.create(person("ann"), "ml", { principal: "tom", expires_at: at(9_000) }))
      clock.now = noon + 8_999
      expect(isEditor()).toBe(true)
      clock.now = noon + 9_000
      expect(isEditor()).toBe(false)
      await seen(administration.members.create(person("ann"), "ml", { principal: "tom" }))
      clock.now = noon + 1_000_000
      expect(isEditor()).toBe(true)
    })

    it("cannot be given an expiry that has passed, whatever else they hold", async () => {
      await administration.members.create(person("ann"), "ml", { principal: "tom", roles: ["Viewer"] })
      for (const expires_at of [at(0), at(-1), "2030-01-31T13:00:00+02:00"])
        for (const work of [
          administration.members.create(person("ann"), "ml", { principal: "tom", expires_at }),
          administration.members.update(person("ann"), "ml", "tom", { roles: ["Viewer", "Editor"], expires_at }),
          administration.roleBindings.create(root, { principal: "tom", workspace: "ml", role: "Editor", expires_at }),
        ])
          expect(await outcomeOf(work)).toBe("ERR_INPUT_INVALID")
      expect(await rolesIn("ml")).toEqual(["ann Admin", "tom Viewer"])
    })

    it("can be removed under every name under which they can be added", async () => {
      const characters = Array.from({ length: 0x80 - 0x20 }, (_, index) => String.fromCharCode(0x20 + index))
      const names = [
        ...characters.map((character) => `a${character}b`),
        "Zoë Åström",
        "日本",
        "😀",
        "a..b",
        ".",
        "..",
        "group:x",
        "e@x+y",
        "a\u0000b",
      ]
      const stuck: string[] = []
      let added = 0
      for (const principal of names) {
        if ((await outcomeOf(administration.members.create(root, "ml", { principal }))) !== "done") continue
        added++
        const outcomes = [
          await outcomeOf(administration.members.update(root, "ml", principal, { roles: ["Viewer"] })),
          await outcomeOf(administration.members.delete(root, "ml", principal)),
        ]
        if (outcomes.some((outcome) => outcome !== "done")) stuck.push(`${principal}: ${outcomes.join(", ")}`)
      }
      expect(stuck).toEqual([])
      expect(added).toBeGreaterThan(90)
    })

    it("are refused when a part of them is malformed", async () => {
      const drafts = [
        { principal: "" },
        { principal: "group:" },
        { principal: " zoe " },
        { principal: "zoe", roles: [] },
        { principal: "zoe", roles: [""] },
        { principal: "zoe", expires_at: "tomorrow" },
        { principal: "zoe", expires_at: "2040-01-31" },
      ]
      for (const draft of drafts)
        expect([draft, await outcomeOf(administration.members.create(root, "ml", draft))]).toEqual([draft, "ERR_INPUT_INVALID"])
    })
  })

  describe("who may grant what", () => {
    beforeEach(() => workspacesWithEverybody(here, "ml"))

    it("an Admin gives and takes every role whose permissions he holds there, and no other", async () => {
      const give = (role: string) => outcomeOf(administration.members.create(callers.admin, "ml", { principal: "zoe", roles: [role] }))
      expect([await give("Viewer"), await give("Editor"), await give("Admin")]).toEqual(["done", "done", "done"])
      for (const role of ["PlatformAdmin", "ServiceSystem", "WorkspaceCreator"]) expect(await give(role)).toBe("ERR_DENIED grant_not_allowed")
      expect(await rolesIn("ml")).toContain("zoe Admin")
    })

    it("a PlatformAdmin gives and takes every role", async () => {
      for (const role of ["PlatformAdmin", "ServiceSystem", "WorkspaceCreator", "Admin"]) {
        await administration.members.create(root, "system", { principal: "zoe", roles: [role] })
        await administration.members.delete(root, "system", "zoe")
      }
    })

    it("PlatformAdmin and ServiceSystem are given by nobody else, services that hold everything included", async () => {
      for (const caller of [callers.service, { ...callers.service, onBehalfOf: { id: root.id } }, callers.admin, callers["group's member"]])
        for (const role of ["PlatformAdmin", "ServiceSystem"]) {
          expect(await outcomeOf(administration.members.create(caller, "ml", { principal: "zoe", roles: [role] }))).toBe(
            "ERR_DENIED grant_not_allowed",
          )
          expect(await outcomeOf(administration.members.create(caller, "system", { principal: "zoe", roles: [role] }))).toMatch(/^ERR_DENIED/)
        }
    })

    it("an Admin of system is no PlatformAdmin: grants there what he holds, and in other workspaces what he holds in those", async () => {
      await seen(administration.members.create(root, "system", { principal: "sys", roles: ["Admin"] }))
      const sys = person("sys")
      expect(await outcomeOf(administration.members.create(sys, "system", { principal: "zoe", roles: ["Editor"] }))).toBe("done")
      expect(await outcomeOf(administration.members.create(sys, "system", { principal: "zoe", roles: ["PlatformAdmin"] }))).toBe(
        "ERR_DENIED grant_not_allowed",
      )
      expect(await outcomeOf(administration.roleBindings.create(sys, { principal: "zoe", workspace: "ml", role: "Viewer" }))).toBe(
        "ERR_DENIED grant_not_allowed",
      )
      const own = roleBindingName(bound("viewer@example.com", "ml", "Viewer"))
      expect(await outcomeOf(administration.roleBindings.revoke(sys, own))).toBe("ERR_DENIED grant_not_allowed")
      expect(await outcomeOf(administration.roleBindings.revoke(sys, roleBindingName(bound(root.id, "system", "PlatformAdmin"))))).toBe(
        "ERR_DENIED grant_not_allowed",
      )
    })

    it("only a PlatformAdmin changes the bindings of everybody and of services", async () => {
      for (const principal of ["*", "service:narrow", "service:new"]) {
        for (const caller of [callers.admin, callers["group's member"], callers.service]) {
          expect(await outcomeOf(administration.members.create(caller, "ml", { principal }))).toBe("ERR_DENIED grant_not_allowed")
          expect(await outcomeOf(administration.members.update(caller, "ml", principal, { roles: ["Viewer"] }))).toBe("ERR_DENIED grant_not_allowed")
        }
        await administration.members.create(root, "ml", { principal })
        expect(await outcomeOf(administration.members.delete(callers.admin, "ml", principal))).toBe("ERR_DENIED grant_not_allowed")
        await administration.members.delete(root, "ml", principal)
      }
    })

    it("revoking needs the right to grant: an Admin cannot remove who holds more", async () => {
      await seen(administration.members.create(root, "ml", { principal: "zoe", roles: ["WorkspaceCreator", "Viewer"] }))
      expect(await outcomeOf(administration.members.delete(callers.admin, "ml", "zoe"))).toBe("ERR_DENIED grant_not_allowed")
      expect(await outcomeOf(administration.members.update(callers.admin, "ml", "zoe", { roles: ["Viewer"] }))).toBe("ERR_DENIED grant_not_allowed")
      expect(await rolesIn("ml")).toEqual(expect.arrayContaining(["zoe Viewer", "zoe WorkspaceCreator"]))
    })

    it("an Admin who gives up his own role may still give himself a smaller one with the same call", async () => {
      expect(await outcomeOf(administration.members.update(callers.admin, "ml", "admin@example.com", { roles: ["Viewer"] }))).toBe("done")
      expect(await rolesIn("ml")).toContain("admin@example.com Viewer")
      expect(await outcomeOf(administration.members.delete(callers.admin, "ml", "viewer@example.com"))).toMatch(/^ERR_DENIED/)
    })

    it("a role that does not exist is refused, and the error says which do", async () => {
      const advice = { Editer: "did you mean 'Editor'?", admin: "did you mean 'Admin'?", Quartermaster: "choose one of " }
      for (const [role, text] of Object.entries(advice))
        for (const work of [
          administration.members.create(callers.admin, "ml", { principal: "zoe", roles: ["Viewer", role] }),
          administration.members.update(callers.admin, "ml", "viewer@example.com", { roles: [role] }),
          administration.roleBindings.create(root, { principal: "zoe", workspace: "ml", role }),
        ])
          await expect(work).rejects.toMatchObject({
            code: "ERR_INPUT_INVALID",
            message: expect.stringContaining(`there is no role '${role}'; ${text}`),
          })
      expect(await rolesIn("ml")).toContain("viewer@example.com Viewer")
    })
  })

  describe("the last Admin", () => {
    const refused = "ERR_CONFLICT last_admin"
    /** Every way to be rid of an Admin of `ml`. */
    const ways = (principal: string): readonly (() => Promise<unknown>)[] => [
      () => administration.members.delete(root, "ml", principal),
      () => administration.members.update(root, "ml", principal, { roles: ["Editor"] }),
      () => administration.roleBindings.revoke(root, roleBindingName(bound(principal, "ml", "Admin"))),
      () => administration.members.create(root, "ml", { principal, roles: ["Admin"], expires_at: at(60_000) }),
      () => administration.members.update(root, "ml", principal, { roles: ["Admin"], expires_at: at(60_000) }),
    ]

    it("cannot be removed, in any way, by anybody, himself included", async () => {
      await workspacesWith(
        here,
        ["ml"],
        [
          ["ann", "Admin"],
          ["zoe", "Editor"],
        ],
      )
      const before = await contentsOf(here.database)
      for (const way of ways("ann")) expect(await outcomeOf(way())).toBe(refused)
      await expect(administration.members.delete(person("ann"), "ml", "ann")).rejects.toMatchObject({
        message: "Cannot remove 'ann': they are the last Admin of workspace 'ml'. Add another Admin first",
        details: { principal: "ann", role: "Admin", workspace: "ml" },
      })
      expect(await contentsOf(here.database)).toEqual(before)
    })

    it.each(["*", "service:worker"])("is the last although %s holds the role, too", async (other) => {
      await workspacesWith(
        here,
        ["ml"],
        [
          ["ann", "Admin"],
          [other, "Admin"],
        ],
      )
      for (const way of ways("ann")) expect(await outcomeOf(way())).toBe(refused)
      expect(await outcomeOf(administration.members.delete(root, "ml", other))).toBe("done")
    })

    it.each(["ben", "group:ops", "SERVICE:x", "Service:y"])("is not the last while %s holds the role", async (other) => {
      await workspacesWith(
        here,
        ["ml"],
        [
          ["ann", "Admin"],
          [other, "Admin"],
        ],
      )
      expect(await outcomeOf(administration.members.delete(root, "ml", "ann"))).toBe("done")
      expect(await outcomeOf(administration.members.delete(root, "ml", other))).toBe(refused)
    })

    it("is the last again when the others are revoked, have expired, or will", async () => {
      await workspacesWith(
        here,
        ["ml"],
        [
          ["ann", "Admin"],
          ["ben", "Admin"],
          ["tom", "Admin", at(5_000)],
        ],
      )
      await administration.members.delete(root, "ml", "ben")
      await expect(administration.members.delete(root, "ml", "ann")).rejects.toMatchObject({
        reason: "last_admin",
        message: "Cannot remove 'ann': they are the last Admin of workspace 'ml' who does not expire. Add another Admin first",
      })
      clock.now = noon + 5_000
      expect(await outcomeOf(administration.members.delete(root, "ml", "ann"))).toBe(refused)
    })

    it("who expires anyway cannot be removed before, but may be put off", async () => {
      await workspacesWith(here, ["ml"], [["tom", "Admin", at(5_000)]])
      expect(await outcomeOf(administration.members.delete(root, "ml", "tom"))).toBe(refused)
      expect(await outcomeOf(administration.members.create(root, "ml", { principal: "tom", roles: ["Admin"], expires_at: at(9_000) }))).toBe("done")
      expect(await outcomeOf(administration.members.update(root, "ml", "tom", { roles: ["Admin"] }))).toBe("done")
    })

    it("of the platform stays, too", async () => {
      for (const work of [
        administration.members.delete(root, "system", root.id),
        administration.members.update(root, "system", root.id, { roles: ["Admin"] }),
        administration.members.create(root, "system", { principal: root.id, roles: ["PlatformAdmin"], expires_at: at(1) }),
        administration.roleBindings.revoke(root, roleBindingName(bound(root.id, "system", "PlatformAdmin"))),
      ])
        await expect(work).rejects.toMatchObject({ code: "ERR_CONFLICT", reason: "last_admin", details: { role: "PlatformAdmin" } })
      await administration.members.create(root, "system", { principal: "group:chiefs", roles: ["PlatformAdmin"] })
      expect(await outcomeOf(administration.members.delete(root, "system", root.id))).toBe("done")
    })

    it("goes with the workspace", async () => {
      await workspacesWith(here, ["ml"], [["ann", "Admin"]])
      expect(await outcomeOf(administration.workspaces.delete(person("ann"), "ml"))).toBe("done")
    })
  })

  describe("a race", () => {
    const rounds = 250
    let there: Administered
    beforeEach(async () => {
      there = await elsewhere()
    })

    /** Makes one workspace a round, with the same roles. */
    async function workspaces(...roles: readonly (readonly [principal: string, role: string])[]): Promise<readonly string[]> {
      const names = Array.from({ length: rounds }, (_, index) => `w${index}`)
      await workspacesWith(here, names, roles)
      await there.pdp.atLeast(here.pdp.revision())
      return names
    }

    it("of two Admins who remove each other leaves one", async () => {
      const outcomes: Partial<Record<string, number>> = {}
      for (const name of await workspaces(["ann", "Admin"], ["ben", "Admin"])) {
        const both = await Promise.all([
          outcomeOf(administration.members.delete(person("ann"), name, "ben")),
          outcomeOf(there.administration.members.delete(person("ben"), name, "ann")),
        ])
        const key = both.sort().join(", ")
        outcomes[key] = (outcomes[key] ?? 0) + 1
      }
      expect(Object.keys(outcomes).filter((outcome) => !/^ERR_DENIED \S+, done$/.test(outcome))).toEqual([])
      const { bindings } = await contentsOf(here.database)
      expect(bindings.filter((binding) => / w\d+ Admin$/.test(binding))).toHaveLength(rounds)
    })

    it("of two Admins who step down refuses one", async () => {
      for (const name of await workspaces(["ann", "Admin"], ["ben", "Admin"])) {
        const both = await Promise.all([
          outcomeOf(administration.members.update(person("ann"), name, "ann", { roles: ["Viewer"] })),
          outcomeOf(there.administration.members.delete(person("ben"), name, "ben")),
        ])
        expect(both.sort()).toEqual(["ERR_CONFLICT last_admin", "done"])
      }
      const { bindings } = await contentsOf(here.database)
      expect(bindings.filter((binding) => / w\d+ Admin$/.test(binding))).toHaveLength(rounds)
    })

    it("of two who add the same member gives both the same answer, and one entry in the history", async () => {
      for (const name of await workspaces(["ann", "Admin"], ["ben", "Admin"])) {
        const both = await Promise.all([
          administration.members.create(person("ann"), name, { principal: "zoe" }),
          there.administration.members.create(person("ben"), name, { principal: "zoe" }),
        ])
        expect(both[0].value).toEqual(both[1].value)
        expect(both[0].revision).toBe(both[1].revision)
      }
      const contents = await contentsOf(here.database)
      expect(contents.journal.filter(({ principal }) => principal === "zoe")).toHaveLength(rounds)
      expect(numberingFaults(contents)).toEqual([])
    })

    it("of two who make the same workspace is won by one, who is its Admin alone", async () => {
      for (let index = 0; index < rounds; index++) {
        const both = await Promise.all([
          outcomeOf(administration.workspaces.create(person("ann"), { name: `same${index}` })),
          outcomeOf(there.administration.workspaces.create(person("ben"), { name: `same${index}` })),
        ])
        expect([...both].sort()).toEqual(["ERR_CONFLICT", "done"])
        expect(await rolesIn(`same${index}`)).toEqual([both[0] === "done" ? "ann Admin" : "ben Admin"])
      }
    })

    it("of one who removes a member and one who changes him ends as if they had come one after the other", async () => {
      const ends = new Set<string>()
      for (const name of await workspaces(["ann", "Admin"], ["ben", "Admin"], ["zoe", "Viewer"])) {
        const both = await Promise.all([
          outcomeOf(administration.members.delete(person("ann"), name, "zoe")),
          outcomeOf(there.administration.members.update(person("ben"), name, "zoe", { roles: ["Editor"] })),
        ])
        expect(both).toEqual(["done", "done"])
      }
      const contents = await contentsOf(here.database)
      for (let index = 0; index < rounds; index++)
        ends.add(
          contents.bindings
            .filter((binding) => binding.startsWith(`zoe w${index} `))
            .map((binding) => binding.split(" ")[2])
            .join() || "none",
        )
      expect([...ends].every((end) => end === "none" || end === "Editor")).toBe(true)
      expect(replayed(contents)).toEqual(contents.bindings)
      expect(numberingFaults(contents)).toEqual([])
    })

    it("of an entity that comes and its workspace that goes leaves no entity without a workspace", async () => {
      for (const name of await workspaces(["ann", "Admin"])) {
        const both = await Promise.all([
          outcomeOf(administration.workspaces.delete(person("ann"), name)),
          outcomeOf(there.administration.entities.create(person("ann"), name, "project", { name: "p" })),
        ])
        expect(both.filter((outcome) => outcome === "done")).toHaveLength(1)
      }
      const orphans = await here.database.read((sql) =>
        sql.all("SELECT e.name FROM portcullis_entities e LEFT JOIN portcullis_workspaces w ON w.name = e.workspace WHERE w.name IS NULL"),
      )
      expect(orphans).toEqual([])
    })

    it("of the same idempotency key writes once", async () => {
      for (const name of await workspaces(["ann", "Admin"])) {
        const idempotency = { key: `key-${name}`, body: "{}" }
        const both = await Promise.all(
          [administration, there.administration].map(({ entities }) =>
            entities.create(person("ann"), name, "project", { name: "p" }, { idempotency }),
          ),
        )
        expect(both[0]?.value).toEqual(both[1]?.value)
        expect(both.map(({ replayed: again }) => again).sort()).toEqual([false, true])
      }
    })

    it("is not won by rights that were taken away while the write waited", async () => {
      await workspacesWith(
        here,
        ["ml"],
        [
          ["ann", "Admin"],
          ["ben", "Admin"],
        ],
      )
      await there.pdp.atLeast(here.pdp.revision())
      let release = (): void => undefined
      const released = new Promise<void>((resolve) => (release = resolve))
      let begun = (): void => undefined
      const began = new Promise<void>((resolve) => (begun = resolve))
      const revoking = here.database.write(async (transaction) => {
        await revokeBindings(transaction, "test", [roleBindingName(bound("ann", "ml", "Admin"))])
        begun()
        await released
      })
      await began
      const late = outcomeOf(there.administration.members.create(person("ann"), "ml", { principal: "mallory", roles: ["Admin"] }))
      const free = outcomeOf(there.administration.members.create(person("ben"), "ml", { principal: "zoe" }))
      expect(there.pdp.hasRole({ principal: person("ann"), workspace: "ml", role: "Admin" }).allowed).toBe(true)
      release()
      await revoking
      expect([await late, await free]).toEqual(["ERR_DENIED role_missing", "done"])
      expect(await rolesIn("ml")).toEqual(["ben Admin", "zoe Editor"])
    })
  })

  describe("an idempotency key", () => {
    const idempotency = { key: "k-1", body: '{"name":"ml"}' }
    const create = (name = "ml", options = { idempotency }, caller: Principal = person("ann")) =>
      administration.workspaces.create(caller, { name }, options)

    it("with the same body gets the first answer and its revision, and writes nothing", async () => {
      const first = await seen(create())
      await seen(administration.members.create(person("ann"), "ml", { principal: "zoe" }))
      const before = await contentsOf(here.database)
      expect(await create()).toEqual({ ...first, replayed: true })
      expect(await contentsOf(here.database)).toEqual(before)
    })

    it("with another body is refused", async () => {
      await seen(create())
      expect(await outcomeOf(create("other", { idempotency: { key: "k-1", body: '{"name":"other"}' } }))).toBe("ERR_IDEMPOTENCY_KEY_REUSED")
    })

    it("belongs to its caller and its route", async () => {
      await seen(create())
      expect((await create("other", { idempotency: { key: "k-1", body: "{}" } }, person("ben"))).replayed).toBe(false)
      expect((await administration.members.create(person("ann"), "ml", { principal: "zoe" }, { idempotency })).replayed).toBe(false)
    })

    it("is forgotten after 24 hours, and not before", async () => {
      await seen(create())
      clock.now = noon + 24 * 3_600_000
      expect((await create()).replayed).toBe(true)
      clock.now += 1
      expect(await outcomeOf(create())).toBe("ERR_CONFLICT")
    })

    it("of a write that failed is free for the next", async () => {
      await seen(create("ml", { idempotency: { key: "other", body: "{}" } }))
      expect(await outcomeOf(create())).toBe("ERR_CONFLICT")
      await seen(administration.workspaces.delete(person("ann"), "ml"))
      expect((await create()).replayed).toBe(false)
    })

    it("does not help who lost his rights since", async () => {
      await workspacesWith(
        here,
        ["team"],
        [
          ["ann", "Admin"],
          ["ben", "Admin"],
        ],
      )
      const add = () => administration.members.create(person("ann"), "team", { principal: "zoe" }, { idempotency })
      await seen(add())
      await seen(administration.members.delete(root, "team", "ann"))
      expect(await outcomeOf(add())).toMatch(/^ERR_DENIED/)
    })

    it("is refused when it is malformed", async () => {
      for (const key of ["", "a b", "é", "x".repeat(256)])
        expect([key, await outcomeOf(create("ml", { idempotency: { key, body: "{}" } }))]).toEqual([key, "ERR_INPUT_INVALID"])
    })
  })

  describe("role bindings", () => {
    beforeEach(() => workspacesWith(here, ["ml"], [["ann", "Admin"]]))

    it("are made, read, revoked, and made again under the same name", async () => {
      const draft = { principal: "zoe", workspace: "ml", role: "Viewer" }
      const name = roleBindingName(draft)
      const { value } = await administration.roleBindings.create(root, draft)
      const record = { id: name, name, ...draft, granted_by: root.id, granted_at: at(0), expires_at: null, revoked_by: null, revoked_at: null }
      expect(value).toEqual(record)
      await expect(administration.roleBindings.create(root, draft)).rejects.toMatchObject({
        code: "ERR_CONFLICT",
        message: expect.stringContaining("zoe"),
      })
      clock.now = noon + 1_000
      expect((await administration.roleBindings.revoke(root, name)).value).toMatchObject({ id: name, deleted_count: 1, deleted_at: at(1_000) })
      expect(await administration.roleBindings.get(root, name)).toEqual({ ...record, revoked_by: root.id, revoked_at: at(1_000) })
      await expect(administration.roleBindings.revoke(root, name)).rejects.toMatchObject({
        code: "ERR_CONFLICT",
        message: "Role binding is already revoked",
      })
      const again = await administration.roleBindings.create(root, { ...draft, expires_at: at(9_000) })
      expect(again.value).toEqual({ ...record, granted_at: at(1_000), expires_at: at(9_000) })
      clock.now = noon + 9_000
      expect((await administration.roleBindings.create(root, draft)).value).toMatchObject({ expires_at: null, granted_at: at(9_000) })
      expect(await outcomeOf(administration.roleBindings.get(root, "rb-000000000000000000000000"))).toBe("ERR_NOT_FOUND")
    })

    it("are made in system unless a workspace is named", async () => {
      expect((await administration.roleBindings.create(root, { principal: "zoe", role: "WorkspaceCreator" })).value.workspace).toBe("system")
    })

    it("are listed as a filter wants them, sorted and in pages, as plain lists of them would be", async () => {
      for (let index = 0; index < 24; index++) {
        clock.now = noon + index * 1_000
        const principal = `p${index % 6}`
        await administration.roleBindings
          .create(index % 2 ? root : callers.service, {
            principal,
            workspace: "ml",
            role: ["Viewer", "Editor", "Admin", "Viewer"][Math.floor(index / 6)] ?? "Viewer",
            ...(index % 5 === 4 && { expires_at: at(40_000) }),
          })
          .catch(() => undefined)
        if (index % 7 === 6) await administration.roleBindings.revoke(root, roleBindingName(bound(principal, "ml", "Viewer"))).catch(() => undefined)
      }
      clock.now = noon + 40_000
      const all = (await administration.roleBindings.list(root, {}, { page_size: 1_000 })).data
      expect(all.length).toBeGreaterThan(20)
      const isActive = (one: (typeof all)[number]) => one.revoked_at === null && (one.expires_at === null || Date.parse(one.expires_at) > clock.now)
      const filters = [
        { filter: {}, matches: () => true },
        { filter: { principal: "p1" }, matches: (one) => one.principal === "p1" },
        { filter: { workspace: "ml", role: "Viewer" }, matches: (one) => one.workspace === "ml" && one.role === "Viewer" },
        { filter: { granted_by: "service:worker" }, matches: (one) => one.granted_by === "service:worker" },
        { filter: { is_active: true }, matches: isActive },
        { filter: { is_active: false }, matches: (one) => !isActive(one) },
        { filter: { granted_at: { gte: at(3_000), lte: at(9_000) } }, matches: (one) => one.granted_at >= at(3_000) && one.granted_at <= at(9_000) },
        { filter: { revoked_at: { gte: at(0) } }, matches: (one) => one.revoked_at !== null },
      ] satisfies { filter: Parameters<typeof administration.roleBindings.list>[1]; matches: (one: (typeof all)[number]) => boolean }[]
      for (const { filter, matches } of filters)
        for (const sort of ["created_at", "-granted_at", "principal", "-role", "revoked_at", "-revoked_at", "name"]) {
          const listed: string[] = []
          const expected = all.filter(matches)
          for (let page = 1; page <= Math.ceil(expected.length / 5); page++) {
            const { data, pagination, sort: echoed } = await administration.roleBindings.list(root, filter, { page, page_size: 5, sort })
            listed.push(...data.map(({ name }) => name))
            expect(echoed).toBe(sort)
            expect(pagination).toMatchObject({ total_results: expected.length, total_pages: Math.ceil(expected.length / 5) })
          }
          const field = {
            created_at: "granted_at",
            granted_at: "granted_at",
            principal: "principal",
            role: "role",
            revoked_at: "revoked_at",
            name: "name",
          } as const
          const by = Object.entries(field).find(([name]) => name === sort.replace("-", ""))?.[1] ?? "name"
          expect(listed).toEqual(
            [...expected]
              .sort((one, other) => ordered(one[by], other[by], sort.startsWith("-")) || (one.name < other.name ? -1 : 1))
              .map(({ name }) => name),
          )
        }
    })

    it("are not listed for a request that is malformed", async () => {
      const requests = [
        [{}, { page: 0 }],
        [{}, { page_size: 10_000 }],
        [{}, { sort: "name; DROP TABLE portcullis_journal" }],
        [Object({ colour: "red" }), {}],
        [{ granted_at: { gte: "yesterday" } }, {}],
      ] as const
      for (const [filter, request] of requests)
        expect([filter, request, await outcomeOf(administration.roleBindings.list(root, filter, request))]).toEqual([
          filter,
          request,
          "ERR_INPUT_INVALID",
        ])
    })
  })

  describe("the history", () => {
    it("tells every change: who, what, when, at which revision", async () => {
      const revisions: string[] = []
      const note = async (work: Promise<{ readonly revision: string }>): Promise<void> => void revisions.push((await seen(work)).revision)
      await note(administration.workspaces.create(person("ann"), { name: "ml" }))
      clock.now = noon + 1_000
      await note(administration.members.create(person("ann"), "ml", { principal: "zoe", roles: ["Viewer", "Editor"], expires_at: at(90_000) }))
      await note(administration.members.update({ id: "9", email: "ann" }, "ml", "zoe", { roles: ["Editor"] }))
      await note(administration.roleBindings.create(callers.service, { principal: "tom", workspace: "ml", role: "Viewer" }))
      await note(administration.entities.create(person("ann"), "ml", "project", { name: "p" }))
      await note(administration.entities.update(person("ann"), "ml", "project", "p", { data: { a: 1 } }))
      await note(administration.entities.delete(person("ann"), "ml", "project", "p"))
      await note(administration.workspaces.update(person("ann"), "ml", { description: "x" }))
      await note(administration.members.delete(root, "ml", "zoe"))
      await note(administration.workspaces.delete(root, "ml"))
      const { data } = await administration.changes.list(root, { workspace: "ml" }, { sort: "at", page_size: 100 })
      const told = ({ revision, at: when, ...rest }: Change) => ({ n: revisions.indexOf(revision), ms: Date.parse(when) - noon, ...rest })
      const ml = { workspace: "ml" }
      const sorted = (entries: readonly object[]) => entries.map((entry) => JSON.stringify(Object.entries(entry).sort())).sort()
      expect(data.map(({ revision }) => revisions.indexOf(revision))).toEqual([0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9])
      expect(sorted(data.map(told))).toEqual(
        sorted([
          { n: 0, ms: 0, actor: "ann", action: "workspace.created", ...ml },
          { n: 0, ms: 0, actor: "ann", action: "role_binding.granted", principal: "ann", role: "Admin", ...ml },
          { n: 1, ms: 1_000, actor: "ann", action: "role_binding.granted", principal: "zoe", role: "Viewer", expires_at: at(90_000), ...ml },
          { n: 1, ms: 1_000, actor: "ann", action: "role_binding.granted", principal: "zoe", role: "Editor", expires_at: at(90_000), ...ml },
          { n: 2, ms: 1_000, actor: "ann", action: "role_binding.revoked", principal: "zoe", role: "Viewer", expires_at: at(90_000), ...ml },
          { n: 2, ms: 1_000, actor: "ann", action: "role_binding.granted", principal: "zoe", role: "Editor", ...ml },
          { n: 3, ms: 1_000, actor: "service:worker", action: "role_binding.granted", principal: "tom", role: "Viewer", ...ml },
          { n: 4, ms: 1_000, actor: "ann", action: "entity.created", entity_type: "project", name: "p", ...ml },
          { n: 5, ms: 1_000, actor: "ann", action: "entity.updated", entity_type: "project", name: "p", ...ml },
          { n: 6, ms: 1_000, actor: "ann", action: "entity.deleted", entity_type: "project", name: "p", ...ml },
          { n: 7, ms: 1_000, actor: "ann", action: "workspace.updated", ...ml },
          { n: 8, ms: 1_000, actor: root.id, action: "role_binding.revoked", principal: "zoe", role: "Editor", ...ml },
          { n: 9, ms: 1_000, actor: root.id, action: "role_binding.revoked", principal: "ann", role: "Admin", ...ml },
          { n: 9, ms: 1_000, actor: root.id, action: "role_binding.revoked", principal: "tom", role: "Viewer", ...ml },
          { n: 9, ms: 1_000, actor: root.id, action: "workspace.deleted", ...ml },
        ]),
      )
    })

    it("is newest first, and filtered by principal, role, actor, action and time", async () => {
      await workspacesWith(here, ["ml"], [["ann", "Admin"]])
      for (const [index, principal] of ["p0", "p1", "p2"].entries()) {
        clock.now = noon + index * 1_000
        await administration.members.create(person("ann"), "ml", { principal })
        await administration.members.delete(person("ann"), "ml", principal)
      }
      const told = async (filter: Parameters<typeof administration.changes.list>[1]) =>
        (await administration.changes.list(root, filter, { page_size: 100 })).data.map(
          ({ principal, action }) => `${principal} ${action.split(".")[1]}`,
        )
      expect(await told({ actor: "ann" })).toEqual(["p2 revoked", "p2 granted", "p1 revoked", "p1 granted", "p0 revoked", "p0 granted"])
      expect(await told({ actor: "ann", action: "role_binding.granted" })).toEqual(["p2 granted", "p1 granted", "p0 granted"])
      expect(await told({ principal: "p1", role: "Editor" })).toEqual(["p1 revoked", "p1 granted"])
      expect(await told({ actor: "ann", at: { gte: at(1_000), lte: at(1_000) } })).toEqual(["p1 revoked", "p1 granted"])
      const paged = await administration.changes.list(root, { actor: "ann" }, { page: 2, page_size: 4 })
      expect(paged).toMatchObject({ pagination: { total_results: 6, total_pages: 2, current_page_size: 2 }, sort: "-at", filter: { actor: "ann" } })
    })
  })

  describe("the sweep of expired bindings", () => {
    it("notes what has expired, once, and lets the same binding be given anew", async () => {
      await workspacesWith(
        here,
        ["ml"],
        [
          ["ann", "Admin"],
          ["tom", "Viewer", at(5_000)],
          ["eve", "Viewer", at(5_001)],
        ],
      )
      clock.now = noon + 4_999
      expect(await sweepExpired(here.database)).toBe(0)
      clock.now = noon + 5_000
      expect([await sweepExpired(here.database), await sweepExpired(here.database)]).toEqual([1, 0])
      const { data } = await administration.changes.list(root, { action: "role_binding.expired" })
      expect(data).toMatchObject([{ principal: "tom", actor: "system:expiry", at: at(5_000), expires_at: at(5_000) }])
      expect(await administration.roleBindings.get(root, roleBindingName(bound("tom", "ml", "Viewer")))).toMatchObject({
        revoked_by: "system:expiry",
      })
      await seen(administration.members.create(person("ann"), "ml", { principal: "tom", roles: ["Viewer"] }))
      expect(here.pdp.hasRole({ principal: person("tom"), workspace: "ml", role: "Viewer" }).allowed).toBe(true)
      expect(replayed(await contentsOf(here.database))).toEqual((await contentsOf(here.database)).bindings)
    })
  })

  describe("the seed", () => {
    it("grants once: the second time nothing changes", async () => {
      const before = await contentsOf(here.database)
      expect(before.bindings).toEqual(["* system Viewer", "* system WorkspaceCreator", "root@example.com system PlatformAdmin"])
      expect(await seed(here.database, seeds)).toMatchObject({ granted: [], leftRevoked: [] })
      expect(await contentsOf(here.database)).toEqual(before)
    })

    it("makes the default workspace, and everybody its Editor, when it is told to", async () => {
      const options = { ...seeds, defaultWorkspace: "default", everybodyEdits: true }
      expect((await seed(here.database, options)).granted).toEqual([bound("*", "default", "Editor")])
      expect((await seed(here.database, { ...options, everybodyEdits: false })).granted).toEqual([])
      expect((await administration.workspaces.get(root, "default")).created_by).toBe("system:seed")
      expect((await contentsOf(here.database)).journal.every(({ actor }) => actor === "system:seed" || actor === "system:pdp")).toBe(true)
    })

    it("respects what was revoked, everybody's roles and the admin's alike, and reports it", async () => {
      await administration.members.create(root, "system", { principal: "other@example.com", roles: ["PlatformAdmin"] })
      await administration.members.delete(root, "system", root.id)
      await seen(administration.roleBindings.revoke(person("other@example.com"), roleBindingName(bound("*", "system", "WorkspaceCreator"))))
      const { granted, leftRevoked } = await seed(here.database, seeds)
      expect(granted).toEqual([])
      expect(leftRevoked).toEqual([bound(root.id, "system", "PlatformAdmin"), bound("*", "system", "WorkspaceCreator")])
      expect(await outcomeOf(administration.workspaces.create(callers.stranger, { name: "ml" }))).toMatch(/^ERR_DENIED/)
    })

    it("reports what has expired, and does not restore it", async () => {
      await administration.members.create(root, "system", { principal: "other@example.com", roles: ["PlatformAdmin"] })
      await administration.members.create(root, "system", { principal: root.id, roles: ["PlatformAdmin"], expires_at: at(1_000) })
      clock.now = noon + 1_000
      expect((await seed(here.database, seeds)).leftRevoked).toEqual([bound(root.id, "system", "PlatformAdmin")])
      await sweepExpired(here.database)
      expect((await seed(here.database, seeds)).leftRevoked).toEqual([bound(root.id, "system", "PlatformAdmin")])
    })

    it("may come from several processes at once", async () => {
      const there = await elsewhere()
      const options = { ...seeds, adminEmail: "second@example.com", defaultWorkspace: "default", everybodyEdits: true }
      const both = await Promise.all([seed(here.database, options), seed(there.database, options), seed(here.database, options)])
      expect(both.map(({ granted }) => granted.length).sort()).toEqual([0, 0, 2])
    })
  })

  describe("other spellings of a principal", () => {
    it("are those that hold roles and differ only in upper and lower case", async () => {
      await workspacesWith(
        here,
        ["ml"],
        [
          ["Ann@Example.com", "Admin"],
          ["ANN@example.com", "Viewer"],
          ["Ann@Example.com", "Viewer"],
          ["anna@example.com", "Viewer"],
        ],
      )
      expect([...(await otherSpellings(here.database, "ann@example.com"))].sort()).toEqual(["ANN@example.com", "Ann@Example.com"])
      expect(await otherSpellings(here.database, "Ann@Example.com")).toEqual(["ANN@example.com"])
      expect(await otherSpellings(here.database, "nobody@example.com")).toEqual([])
      await administration.members.delete(root, "ml", "ANN@example.com")
      expect(await otherSpellings(here.database, "ann@example.com")).toEqual(["Ann@Example.com"])
    })
  })
})

/** `null` last, in both directions. */
function ordered(one: string | null, other: string | null, descending: boolean): number {
  if (one === other) return 0
  if (one === null || other === null) return one === null ? 1 : -1
  return (one < other ? -1 : 1) * (descending ? -1 : 1)
}

function seeded(seedValue: number): () => number {
  let state = seedValue
  return () => (state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647) / 2_147_483_647
}
