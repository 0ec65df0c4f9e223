import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { run, type CommandResult } from "../fixtures/terminal.js"

let folder: string
let url: string
let stop: () => void
let ended: Promise<CommandResult>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "portcullis-cli-"))
  url = await new Promise<string>((resolve, reject) => {
    let printed = ""
    ended = run(["serve", "--listen", "127.0.0.1:0"], {
      workingFolder: folder,
      environment: { PORTCULLIS_AUTH__ADMIN_EMAIL: "root@example.com", PORTCULLIS_STORE__PATH: "a.db", PORTCULLIS_LOG__LEVEL: "fatal" },
      out: (text) => {
        printed += text
        const [, found] = /listens on (http:\S+)/.exec(printed) ?? []
        if (found !== undefined) resolve(found)
      },
      onStop: (callback) => (stop = callback),
    })
    void ended.then(({ code, err }) => reject(new Error(`serve ended with ${code}: ${err}`)))
  })
})
afterAll(async () => {
  stop()
  expect((await ended).code).toBe(0)
  rmSync(folder, { recursive: true })
})

function as(principal: string, ...args: readonly string[]): Promise<CommandResult> {
  return run(args, { workingFolder: folder, environment: { PORTCULLIS_URL: url, PORTCULLIS_PRINCIPAL: principal } })
}

const members = ["workspaces", "members"] as const
const inTeam = ["--workspace", "ml-team"] as const

it("leads a workspace through its life", async () => {
  expect(await as("ann@example.com", "workspaces", "create", "ml-team", "--description", "Models")).toMatchObject({ code: 0, err: "" })
  expect((await as("ann@example.com", "workspaces", "list")).out).toMatch(/^ml-team +Models +ann@example\.com /m)
  expect((await as("ann@example.com", "workspaces", "create", "ml-team")).err).toContain("already exists")

  const added = await as("ann@example.com", ...members, "create", ...inTeam, "--principal", "ben@example.com", "--roles", "Viewer")
  expect(added).toMatchObject({ code: 0, err: "" })
  expect((await as("ben@example.com", "workspaces", "get", "ml-team")).code).toBe(0)
  expect((await as("ann@example.com", ...members, "list", ...inTeam)).out.split("\n").map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
    ["PRINCIPAL", "ROLES", "GRANTED BY"],
    ["ann@example.com", "Admin", "ann@example.com"],
    ["ben@example.com", "Viewer", "ann@example.com"],
    [""],
  ])

  const denied = await as("ben@example.com", ...members, "create", ...inTeam, "--principal", "eve@example.com")
  expect(denied).toMatchObject({ code: 3, out: "" })
  expect(denied.err).toMatch(/workspaces\.members\.create in workspace 'ml-team'[^]*portcullis workspaces members create --workspace ml-team/)

  const last = await as("ann@example.com", ...members, "delete", "ann@example.com", ...inTeam)
  expect(last).toMatchObject({ code: 1, out: "" })
  expect(last.err).toContain("--principal <principal> --roles Admin")

  expect((await as("ann@example.com", ...members, "update", "ben@example.com", ...inTeam, "--roles", "Editor,Admin", "-o", "json")).out).toContain(
    '"propagated": true',
  )
  expect((await as("ben@example.com", ...members, "delete", "ann@example.com", ...inTeam)).code).toBe(0)
  expect((await as("ann@example.com", "workspaces", "get", "ml-team")).code).toBe(3)
})

it("lists what keeps a workspace, and deletes it afterwards", async () => {
  await as("ann@example.com", "workspaces", "create", "full", "--no-wait-role-propagation")
  const entities = `${url}/apis/entities/v2/workspaces/full/entities/project`
  const headers = { "X-NMP-Principal-Id": "ann@example.com", "Content-Type": "application/json" }
  await expect.poll(async () => (await fetch(entities, { method: "POST", headers, body: '{"name":"p1"}' })).status).toBe(201)
  const kept = await as("ann@example.com", "workspaces", "delete", "full")
  expect(kept).toMatchObject({ code: 1, out: "" })
  expect(kept.err).toContain("Cannot delete workspace 'full': workspace contains entities that must be deleted first: project (1)\n")
  const [, header = "", target = ""] = /curl -X DELETE -H '(\S+: \S+)' '(\S+)'/.exec(kept.err) ?? []
  const [name = "", value = ""] = header.split(": ")
  expect((await fetch(target, { method: "DELETE", headers: { [name]: value } })).status).toBe(200)
  expect(await as("ann@example.com", "workspaces", "delete", "full")).toMatchObject({ code: 0, out: "Workspace 'full' deleted\n" })
  expect((await as("root@example.com", "workspaces", "get", "full")).err).toContain("Workspace 'full' not found\n")
})

it("shows who changed what to those who may see it", async () => {
  await as("ann@example.com", "workspaces", "create", "seen")
  const shown = await as("root@example.com", "changes", "--workspace", "seen", "--since", "1h", "--action", "role_binding.granted")
  expect(shown).toMatchObject({ code: 0, err: "" })
  expect(shown.out).toMatch(/ann@example\.com +role_binding\.granted +seen +ann@example\.com +Admin\n$/)
  expect((await as("ann@example.com", "changes")).code).toBe(3)
})

it("does not export under a sidecar that runs: it names the process", async () => {
  const { code, err } = await as("", "data", "export", "--store", "sqlite:a.db")
  expect(code).toBe(1)
  expect(err).toContain(`used by process ${process.pid}; stop it`)
})
