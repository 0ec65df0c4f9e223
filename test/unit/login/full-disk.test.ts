import type * as Files from "node:fs/promises"
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished, vi } from "vitest"
import { credentialStore } from "../../../src/login/index.js"

const disk = vi.hoisted(() => ({ full: "" }))
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof Files>()
  const open: typeof real.open = async (path, ...more) => {
    const handle = await real.open(path, ...more)
    if (disk.full !== "" && String(path).includes(disk.full)) handle.writeFile = () => Promise.reject(new Error("ENOSPC: no space left on device"))
    return handle
  }
  return { ...real, open }
})

it.each(["credentials.lock", "credentials.json"])("a full disk leaves no half %s, and the logins as they were", async (name) => {
  const folder = await mkdtemp(join(tmpdir(), "portcullis-full-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const store = credentialStore(folder)
  const login = { issuer: "https://idp.example.com", clientId: "c", scopes: [], tokens: { accessToken: "access-1" } }
  await store.write("https://portcullis.example.com", login)
  disk.full = name
  const written = store.write("https://portcullis.example.com", { ...login, clientId: "other" })
  await expect(written).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE", message: expect.stringContaining("no space left") })
  disk.full = ""
  expect(await readdir(folder)).toEqual(["credentials.json"])
  expect(await store.read("https://portcullis.example.com")).toEqual(login)
})
