import { chmod, chown, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest"
import { credentialStore, type StoredLogin } from "../../../src/login/index.js"

let home: string
let folder: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "portcullis-credentials-"))
  folder = join(home, "config", "portcullis")
  onTestFinished(() => rm(home, { recursive: true, force: true }))
})

const url = "https://portcullis.example.com"
const login = (accessToken: string): StoredLogin => ({
  issuer: "https://idp.example.com",
  clientId: "portcullis-cli",
  tokens: { accessToken, refreshToken: "refresh-1", expiresAt: 1_000, scopes: ["platform:read"] },
  scopes: ["api://portcullis/platform:read"],
  tokenEndpoint: "https://idp.example.com/token",
  scopePrefix: "api://portcullis",
})
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8)

/** A store whose file is as given. */
async function storeWith(content: string) {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(folder, "credentials.json"), content, { mode: 0o600 })
  return credentialStore(folder)
}

describe("the store of logins", () => {
  it("names the sidecars with a login", async () => {
    const store = credentialStore(folder)
    expect(await store.urls()).toEqual([])
    await store.write(`${url}/`, login("access-1"))
    expect(await store.urls()).toEqual([url])
  })

  it.runIf(process.platform === "linux")("gives up where no folder can be made", async () => {
    await expect(credentialStore("/proc/nope/portcullis").write(url, login("access-1"))).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
  })

  it("gives back what it was given, for each sidecar its own", async () => {
    const store = credentialStore(folder)
    await store.write(url, login("access-1"))
    await store.write("http://127.0.0.1:8080/pdp", { issuer: "i", clientId: "c", tokens: { accessToken: "access-2" }, scopes: [] })
    const again = credentialStore(folder)
    expect(await again.read(url)).toEqual(login("access-1"))
    expect(await again.read("http://127.0.0.1:8080/pdp")).toEqual({ issuer: "i", clientId: "c", tokens: { accessToken: "access-2" }, scopes: [] })
    expect(await again.read("https://other.example.com")).toBeUndefined()
  })

  it.each([
    "https://portcullis.example.com/",
    "https://PORTCULLIS.example.com",
    "https://portcullis.example.com:443//",
    "https://portcullis.example.com/?x=1",
  ])("knows %s as the same sidecar", async (spelling) => {
    const store = credentialStore(folder)
    await store.write(url, login("access-1"))
    expect(await store.read(spelling)).toEqual(login("access-1"))
  })

  it.each(["__proto__", "constructor"])("takes '%s' for a name like any other", async (name) => {
    const store = credentialStore(folder)
    expect(await store.read(name)).toBeUndefined()
    await store.write(`${name}/`, login("access-1"))
    expect(await store.read(name)).toEqual(login("access-1"))
  })

  it("has nothing before the first login, and makes no folder to say so", async () => {
    const store = credentialStore(folder)
    expect([await store.read(url), await store.remove(url)]).toEqual([undefined, false])
    expect(await readdir(home)).toEqual([])
  })

  it("removes one login and keeps the others", async () => {
    const store = credentialStore(folder)
    await store.write(url, login("access-1"))
    await store.write("https://other.example.com", login("access-2"))
    expect([await store.remove(url), await store.remove(url)]).toEqual([true, false])
    expect(await store.read(url)).toBeUndefined()
    expect(await store.read("https://other.example.com")).toEqual(login("access-2"))
  })

  it("loses nothing when many write at once", async () => {
    const stores = Array.from({ length: 8 }, () => credentialStore(folder))
    await Promise.all(stores.map((store, at) => store.write(`https://${at}.example.com`, login(`access-${at}`))))
    const read = await Promise.all(stores.map((store, at) => store.read(`https://${at}.example.com`)))
    expect(read.map((one) => one?.tokens.accessToken)).toEqual(stores.map((_, at) => `access-${at}`))
  })

  it("is a file of which only its owner knows, in such a folder, and leaves nothing beside it", async () => {
    const store = credentialStore(folder)
    await store.write(url, login("access-1"))
    expect([store.file, await modeOf(store.file), await modeOf(folder)]).toEqual([join(folder, "credentials.json"), "600", "700"])
    expect(await readdir(folder)).toEqual(["credentials.json"])
  })

  it("takes rights away from others when it reads, and when it writes, and says so", async () => {
    await credentialStore(folder).write(url, login("access-1"))
    const notices: string[] = []
    const store = credentialStore(folder, { onNotice: (text) => notices.push(text) })
    await chmod(store.file, 0o644)
    await chmod(folder, 0o755)
    expect(await store.read(url)).toEqual(login("access-1"))
    expect([await modeOf(store.file), notices.length]).toEqual(["600", 1])
    expect(notices[0]).toContain(`${store.file} `)
    await store.write(url, login("access-2"))
    expect([await modeOf(store.file), await modeOf(folder), notices.length]).toEqual(["600", "700", 2])
    await store.read(url)
    expect(notices).toHaveLength(2)
  })

  it("does so silently for those who do not listen", async () => {
    const store = await storeWith('{"version":1,"logins":[]}')
    await chmod(store.file, 0o666)
    expect(await store.read(url)).toBeUndefined()
    expect(await modeOf(store.file)).toBe("600")
  })

  it.each(["file", "folder"])("is refused when its %s is another account's: that one could read it", async (what) => {
    const store = credentialStore(folder)
    await store.write(url, login("access-1"))
    const own = process.geteuid?.() ?? 0
    const stranger = own + 1
    if (own === 0) await chown(what === "file" ? store.file : folder, stranger, -1)
    else {
      const geteuid = vi.spyOn(process, "geteuid").mockReturnValue(stranger)
      onTestFinished(() => geteuid.mockRestore())
    }
    const problem = {
      code: "ERR_CONFIG_INVALID",
      reason: "credentials_unreadable",
      message: expect.stringContaining(`uid ${own === 0 ? stranger : own}`),
    }
    await expect(store.read(url)).rejects.toMatchObject(problem)
    await expect(store.write(url, login("access-2"))).rejects.toMatchObject(problem)
  })

  it("may be in a folder that is a link", async () => {
    await mkdir(join(home, "real"))
    await symlink(join(home, "real"), join(home, "link"))
    await credentialStore(join(home, "link")).write(url, login("access-1"))
    expect(await credentialStore(join(home, "real")).read(url)).toEqual(login("access-1"))
  })

  const secret = "very-secret-token"
  it.each([
    ["no JSON", `{"version":1,"logins":[{"accessToken":"${secret}"`],
    ["empty", ""],
    ["a later version's", `{"version":2,"accounts":["${secret}"]}`],
    ["another document", `{"token":"${secret}"}`],
    ["without a version", '{"logins":[]}'],
    ["with a login that lacks its tokens", '{"version":1,"logins":[{"url":"u","issuer":"i","clientId":"c","scopes":[]}]}'],
    ["with what this version does not know", '{"version":1,"logins":[],"more":1}'],
    [
      "with a time that is a text",
      '{"version":1,"logins":[{"url":"u","issuer":"i","clientId":"c","scopes":[],"tokens":{"accessToken":"t","expiresAt":"1"}}]}',
    ],
  ])("that is %s is neither used nor overwritten nor shown", async (_, content) => {
    const store = await storeWith(content)
    const problems = await Promise.allSettled([store.read(url), store.write(url, login("access-1")), store.remove(url)])
    for (const problem of problems) {
      const reason: unknown = problem.status === "rejected" ? problem.reason : undefined
      expect(reason).toMatchObject({ code: "ERR_CONFIG_INVALID", reason: "credentials_unreadable", message: expect.stringContaining(store.file) })
      expect(String(reason)).not.toContain(secret)
    }
    expect(await readFile(store.file, "utf8")).toBe(content)
    expect(await readdir(folder)).toEqual(["credentials.json"])
  })

  it("cannot be a folder, nor be in a file", async () => {
    await mkdir(join(folder, "credentials.json"), { recursive: true })
    await expect(credentialStore(folder).read(url)).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
    await writeFile(join(home, "file"), "")
    const inFile = credentialStore(join(home, "file"))
    await expect(inFile.read(url)).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
    await expect(inFile.write(url, login("access-1"))).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
  })

  it("stays as it was when it cannot be replaced", async () => {
    const store = credentialStore(folder)
    await store.locked(async () => {
      await rm(folder, { recursive: true })
      await expect(store.write(url, login("access-1"))).rejects.toMatchObject({
        code: "ERR_SOURCE_UNAVAILABLE",
        message: expect.stringContaining(store.file),
      })
      await mkdir(folder)
    })
  })
})
