import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { start, type CommandProcess } from "../fixtures/sidecar.js"

const admin = "admin@example.com"
const otherSpelling = "Admin@example.com"

function configuration(lines: string): string {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-seeding-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, "portcullis.yaml")
  writeFileSync(path, `store: { path: portcullis.db }\nserver: { listen: "127.0.0.1:0" }\nlog: { format: text }\n${lines}`)
  return path
}

async function served(config: string): Promise<CommandProcess & { readonly url: string }> {
  const sidecar = start(["serve", "--config", config])
  const [, url = ""] = await sidecar.printed("out", /listens on (http:\S+)/)
  return { ...sidecar, url }
}

const seeded = ({ err }: CommandProcess): readonly string[] =>
  [...err().matchAll(/role binding seeded principal=(\S+) workspace=(\S+) role=(\S+)/g)].map((match) => match.slice(1).join(" "))

describe("a new database", () => {
  it.each([
    ["", []],
    ["profile: nemo", ["* default Editor"]],
    ["seed: { wildcard_editor: true }", ["* default Editor"]],
    ["profile: nemo\nseed: { wildcard_editor: false }", []],
  ])("lets everybody list and make workspaces, and edit the default one where it says so: %j", async (lines, editors) => {
    expect(seeded(await served(configuration(lines)))).toEqual(["* system Viewer", "* system WorkspaceCreator", ...editors])
  })

  it("begins with an admin, and with nothing for everybody where the configuration says so", async () => {
    const lines = `auth: { admin_email: ${admin} }\nseed: { wildcard_viewer: false, wildcard_creator: false }`
    expect(seeded(await served(configuration(lines)))).toEqual([`${admin} system PlatformAdmin`])
  })
})

describe("a revoked admin", () => {
  it("is reported at the next start, with the other spelling, and not restored", async () => {
    const config = configuration(`auth: { admin_email: ${admin} }`)
    const first = await served(config)
    const members = `${first.url}/apis/entities/v2/workspaces/system/members`
    const as = (principal: string) => ({ "X-NMP-Principal-Id": principal, "Content-Type": "application/json" })
    const other = JSON.stringify({ principal: otherSpelling, roles: ["PlatformAdmin"] })
    expect((await fetch(members, { method: "POST", headers: as(admin), body: other })).status).toBe(201)
    expect((await fetch(`${members}/${admin}`, { method: "DELETE", headers: as(otherSpelling) })).status).toBe(200)
    first.child.kill("SIGTERM")
    expect(await first.exited).toBe(0)

    const second = await served(config)
    expect(seeded(second)).toEqual([])
    const { notices }: { notices: readonly string[] } = JSON.parse(await (await fetch(`${second.url}/status`)).text())
    expect(notices).toEqual([
      `auth.admin_email '${admin}' was PlatformAdmin, has been revoked, and is not restored; another PlatformAdmin can grant it again`,
      `'${otherSpelling}' holds roles and differs from auth.admin_email '${admin}' only in upper and lower case: they are two principals`,
    ])
    for (const notice of notices) expect(second.err()).toContain(`WARN ${notice}`)
  })
})
