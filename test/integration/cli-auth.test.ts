import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { homeFolder } from "../fixtures/fake-login.js"
import { startTestIdp, type TestIdp } from "../fixtures/idp.js"
import { start } from "../fixtures/sidecar.js"
import { run, type CommandResult } from "../fixtures/terminal.js"

interface LoggingIn {
  readonly idp: TestIdp
  readonly url: string
  readonly home: ReturnType<typeof homeFolder>
  /** Runs a command of somebody whose home this is. */
  readonly ask: (...args: readonly string[]) => Promise<CommandResult>
  /** Logs in by device flow; the page is answered when it is shown. */
  readonly login: (account: string, flags?: readonly string[], how?: { readonly deny?: boolean }) => Promise<CommandResult>
}

/** A sidecar beside an IdP, and somebody with a home of their own. */
async function logsIn(settings: Readonly<Record<string, string>> = {}): Promise<LoggingIn> {
  const idp = await startTestIdp()
  const home = homeFolder()
  const url = await servedBeside(idp, home.homeFolder, settings)
  const terminal = { homeFolder: home.homeFolder, workingFolder: home.homeFolder, environment: { PORTCULLIS_URL: url } }
  return {
    idp,
    url,
    home,
    ask: (...args) => run(args, terminal),
    login: async (account, flags = [], how = {}) => {
      let said = ""
      let answered: Promise<void> | undefined
      const pause = (): Promise<void> => (answered ??= idp.approve(/^ {4}([A-Z]{4}-?[A-Z]{4})$/m.exec(said)?.[1] ?? "", account, how))
      const result = await run(["auth", "login", "--no-browser", ...flags], { ...terminal, pause, err: (text) => void (said += text) })
      return { ...result, err: said }
    },
  }
}

async function servedBeside(idp: TestIdp, folder: string, settings: Readonly<Record<string, string>>): Promise<string> {
  let stop = (): void => {}
  let ended: Promise<CommandResult> | undefined
  onTestFinished(async () => {
    stop()
    await ended
  })
  return new Promise((resolve, reject) => {
    let printed = ""
    ended = run(["serve", "--listen", "127.0.0.1:0"], {
      workingFolder: folder,
      environment: {
        PORTCULLIS_AUTH__ADMIN_EMAIL: "root@example.com",
        PORTCULLIS_AUTH__OIDC__ISSUER: idp.issuer,
        PORTCULLIS_AUTH__OIDC__CLIENT_ID: "portcullis-cli",
        PORTCULLIS_AUTH__OIDC__AUDIENCE: "portcullis",
        PORTCULLIS_STORE__PATH: join(folder, "a.db"),
        PORTCULLIS_LOG__LEVEL: "fatal",
        ...settings,
      },
      out: (text) => {
        printed += text
        const [, found] = /listens on (http:\S+)/.exec(printed) ?? []
        if (found !== undefined) resolve(found)
      },
      onStop: (callback) => (stop = callback),
    })
    void ended.then(({ code, err }) => reject(new Error(`serve ended with ${code}: ${err}`)))
  })
}

it("leads somebody from the login to the logout", async () => {
  const { idp, url, home, ask, login } = await logsIn()
  expect((await ask("auth", "status")).code).toBe(1)
  expect((await ask("workspaces", "list", "--as", "ann@example.com")).err).toMatch(/principal_header_rejected[^]*portcullis auth login/)

  const loggedIn = await login("ann@example.com")
  expect(loggedIn.code).toBe(0)
  expect(loggedIn.err).toContain(`Logging in to ${url} with ${idp.issuer}, as client portcullis-cli\n`)
  const status = await ask("auth", "status", "-o", "json")
  expect({ code: status.code, ...JSON.parse(status.out) }).toMatchObject({
    code: 0,
    accepted: true,
    auth_type: "oidc",
    email: "ann@example.com",
    principal: "idp-ann",
    groups: ["ops", "ml"],
    scopes: expect.arrayContaining(["platform:read", "platform:write"]),
    refresh_token: true,
  })

  expect(await ask("workspaces", "create", "ml-team")).toMatchObject({ code: 0, err: "" })
  expect((await ask("workspaces", "members", "list", "--workspace", "ml-team")).out).toMatch(/^ann@example\.com +Admin/m)

  const before = await ask("auth", "token")
  expect((await ask("auth", "refresh")).code).toBe(0)
  const after = await ask("auth", "token")
  expect([before.code, after.code, before.out === after.out]).toEqual([0, 0, false])
  expect(JSON.parse((await ask("auth", "token", "--decode")).out)).toMatchObject({ claims: { iss: idp.issuer, aud: "portcullis" } })
  expect((await ask("workspaces", "list")).code).toBe(0)

  expect((await ask("auth", "logout")).code).toBe(0)
  expect(await home.store.read(url)).toBeUndefined()
  expect((await ask("workspaces", "list")).code).toBe(2)
})

it("says which scope is missing, and how to get it", async () => {
  const { ask, login } = await logsIn()
  await login("ann@example.com", ["--scope", "platform:read"])
  expect((await ask("workspaces", "list")).code).toBe(0)
  const { code, err } = await ask("workspaces", "create", "ml-team")
  expect(code).toBe(3)
  const [, flags = ""] = /portcullis auth login --scope "([^"]+)"/.exec(err) ?? []
  expect(flags.split(" ")).toEqual(["platform:read", "platform:write"])
  await login("ann@example.com", ["--scope", flags])
  expect((await ask("workspaces", "create", "ml-team")).code).toBe(0)
})

it("logs in by password, by a name without e-mail claim, and not by a wrong password", async () => {
  const { ask, login } = await logsIn({ PORTCULLIS_AUTH__OIDC__EMAIL_CLAIM: "upn" })
  expect((await login("", ["--username", "upn-only", "--password", "upn-only"])).out).toMatch(/^As +Carl@Example\.com \(idp-carl\)$/m)
  expect((await ask("auth", "status")).code).toBe(0)
  const wrong = await login("", ["--username", "ann@example.com", "--password", "guessed"])
  expect(wrong).toMatchObject({ code: 1, out: "" })
  expect((await ask("auth", "status", "-o", "json")).out).toContain("Carl@Example.com")
})

it("stores nothing when the person denies it, or the provider grants less", async () => {
  const { idp, url, home, login } = await logsIn()
  expect((await login("ann@example.com", [], { deny: true })).code).toBe(1)
  idp.configure({ narrow: ["platform:read"] })
  const narrowed = await login("ann@example.com")
  expect(narrowed.code).toBe(1)
  expect(narrowed.err).toContain("platform:write")
  expect(await home.store.read(url)).toBeUndefined()
})

it.each([["audience_mismatch", { PORTCULLIS_AUTH__OIDC__AUDIENCE: "something-else" }]])(
  "notices at the login that the sidecar finds %s",
  async (reason, settings) => {
    const { url, home, login } = await logsIn(settings)
    const { code, err } = await login("ann@example.com")
    expect({ code, stored: await home.store.read(url) }).toEqual({ code: 1, stored: undefined })
    expect(err).toContain(`${reason}: `)
  },
)

it("keeps a login over an outage of the provider, as long as its token is good", async () => {
  const { idp, url, home, ask, login } = await logsIn()
  await login("ann@example.com")
  expect((await ask("workspaces", "list")).code).toBe(0)
  await endsIn(home, url, 100)
  await idp.goDown()
  const { code, err } = await ask("workspaces", "list")
  expect(code).toBe(0)
  expect(err).toContain(idp.issuer)
  await endsIn(home, url, -1)
  expect((await ask("workspaces", "list")).code).toBe(1)
  await idp.comeBack()
  expect((await ask("workspaces", "list")).code).toBe(0)
})

it("ends at Ctrl+C with 1, and stores nothing", async () => {
  const { url, home } = await logsIn()
  const waiting = start(["auth", "login", "--no-browser"], { HOME: home.homeFolder, PORTCULLIS_URL: url })
  await waiting.printed("err", /^ {4}[A-Z]{4}-?[A-Z]{4}$/m)
  waiting.child.kill("SIGINT")
  expect({ code: await waiting.exited, out: waiting.out(), stored: await home.store.read(url) }).toEqual({ code: 1, out: "", stored: undefined })
})

it("refreshes once for processes that run at the same time", async () => {
  const { idp, url, home, login } = await logsIn()
  await login("ann@example.com")
  await endsIn(home, url, 100)
  const before = idp.requests("/token")
  const environment = { HOME: home.homeFolder, PORTCULLIS_URL: url }
  const processes = Array.from({ length: 4 }, () => start(["workspaces", "list"], environment))
  expect(await Promise.all(processes.map(({ exited }) => exited))).toEqual([0, 0, 0, 0])
  expect(idp.requests("/token") - before).toBe(1)
})

/** Makes the stored login believe that it ends in so many seconds. */
async function endsIn({ store }: LoggingIn["home"], url: string, seconds: number): Promise<void> {
  const stored = await store.read(url)
  if (!stored) throw new TypeError("a login is due")
  await store.write(url, { ...stored, tokens: { ...stored.tokens, expiresAt: Date.now() + seconds * 1_000 } })
}
