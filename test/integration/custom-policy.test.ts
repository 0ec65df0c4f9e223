import { execFile } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, it, onTestFinished } from "vitest"
import { serving } from "../fixtures/serving.js"
import { root, start } from "../fixtures/sidecar.js"
import { readBundle } from "../../src/bundle/index.js"
import { feeder, viewer } from "../fixtures/feeding.js"
import { until } from "../fixtures/opa-server.js"

const example = join(root, "examples/custom-policy")

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "portcullis-custom-"))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

const mayDelete = { input: { principal: "ann", action: "delete", todo: { id: 2, owner: "ben" } } }

describe("portcullis serve --policy", () => {
  it("serves the bundle of the example without OPA, and takes the next one when it is put there", async () => {
    const made = folder()
    const bundle = join(made, "bundle.tar.gz")
    cpSync(join(example, "bundle.tar.gz"), bundle)
    const sidecar = await serving({}, "--policy", bundle, "--entrypoint", "todo/allow")
    await sidecar.printed("out", /\/v1\/data\/todo\/readable/)
    expect((await sidecar.send("POST", "/v1/data/todo/allow", { body: mayDelete })).body).toEqual({ result: false })
    writeFileSync(bundle, "no bundle")
    await sidecar.printed("err", /refresh failed/)
    expect((await sidecar.send("POST", "/v1/data/todo/allow", { body: mayDelete })).body).toEqual({ result: false })
  })

  it("shows the Rego that the policy was compiled from: that of the folder, and of a bundle what is left in it", async () => {
    const opa = join(folder(), "opa")
    const copied = `while [ "$1" != -o ]; do shift; done; cp ${join(example, "bundle.tar.gz")} "$2"`
    writeFileSync(opa, `#!/bin/sh\n${copied}\n`, { mode: 0o755 })
    const policy = join(folder(), "policy")
    cpSync(join(example, "policy"), policy, { recursive: true })
    const byFolder = start(["serve", "--listen", "127.0.0.1:0", "--policy", policy], { OPA_BIN: opa })
    const [, url = ""] = await byFolder.printed("out", /listens on (http:\S+)/)
    const id = join(policy, "todo.rego")
    const raw = readFileSync(id, "utf8")
    expect(await (await fetch(`${url}/v1/policies`)).json()).toEqual({ result: [{ id, raw }] })
    const byBundle = await serving({}, "--policy", join(example, "bundle.tar.gz"))
    expect((await byBundle.send("GET", "/v1/policies/policy/todo.rego")).body).toMatchObject({ result: { id: "policy/todo.rego" } })
  })

  it("serves a module with data, which is watched", async () => {
    const data = join(folder(), "data.json")
    writeFileSync(data, '{"owners": {"1": "ann"}}')
    const sidecar = await serving({}, "--policy", "examples/own-policy/policy.wasm", "--data", data)
    const ask = async (): Promise<unknown> =>
      (await sidecar.send("POST", "/v1/data/todo/allow", { body: { input: { principal: "ben", todo: "1" } } })).body
    expect(await ask()).toEqual({ result: false })
    writeFileSync(data, '{"owners": {"1": "ben"}}')
    await sidecar.printed("err", /new state decides/)
    expect(await ask()).toEqual({ result: true })
  })
})

describe("portcullis serve --bundle", () => {
  it("serves what another one serves, and goes on from the disk after kill -9 while that one is away", async () => {
    const feed = await feeder()
    const made = folder()
    const [headers, kept] = [join(made, "headers"), join(made, "kept.tar.gz")]
    writeFileSync(headers, "Authorization: Bearer a-bundle-token-that-is-long-enough-for-everybody\n")
    const settings = { BUNDLE_SOURCE__HEADERS_FILE: headers, BUNDLE_SOURCE__PERSIST_FILE: kept }
    const first = await serving(settings, "--bundle", feed.url)
    expect([await first.mayRead("ann"), await first.mayRead("ben")]).toEqual([true, false])
    feed.source.add(viewer("ben"))
    await feed.pdp.refresh()
    expect(await first.mayRead("ben", feed.pdp.revision())).toBe(true)
    // It decides first, and is kept then.
    await until(async () => (await readBundle(readFileSync(kept))).manifest.revision === feed.pdp.revision())
    await first.kill("SIGKILL")
    await feed.stop()
    const second = await serving(settings, "--bundle", feed.url)
    expect([await second.mayRead("ben"), await second.mayRead("eve")]).toEqual([true, false])
    expect(await second.status()).toMatchObject({ ready: true, revision: expect.any(String) })
  })
})

describe("the page of the example", () => {
  const page = readFileSync(join(example, "README.md"), "utf8")
  const snippets = [...page.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language = "", text = ""]) => ({ language, text }))
  const pasted = (part: string, url: string): Promise<{ stdout: string }> => {
    const { text = "" } = snippets.find((snippet) => snippet.language === "sh" && snippet.text.includes(part)) ?? {}
    const cli = join(root, "dist/cli/portcullis.js")
    const script = text.replaceAll("http://127.0.0.1:8181", url).replaceAll("npx portcullis", `${process.execPath} ${cli}`)
    return promisify(execFile)("sh", ["-euc", script], { cwd: root })
  }

  it("shows questions with their answers", async () => {
    const sidecar = await serving({}, "--policy", "examples/custom-policy/bundle.tar.gz")
    const { stdout } = await pasted("curl", sidecar.url)
    expect(stdout.trim().split("\n")).toEqual([...page.matchAll(/^# (\{.*\})$/gm)].map(([, answer]) => answer))
  })

  it("asks without a server, and in a program", async () => {
    expect((await pasted("policy eval", "")).stdout).toBe("true\n")
    const project = folder()
    mkdirSync(join(project, "node_modules"))
    symlinkSync(root, join(project, "node_modules/portcullis"))
    writeFileSync(join(project, "page.mjs"), snippets.find(({ language }) => language === "js")?.text ?? "")
    expect((await promisify(execFile)(process.execPath, ["page.mjs"], { cwd: project })).stdout).toBe("true\n")
  })
})

it("the committed bundle of the example holds its policy's data", async () => {
  const { data, manifest } = await readBundle(readFileSync(join(example, "bundle.tar.gz")))
  expect(data).toEqual(JSON.parse(readFileSync(join(example, "data.json"), "utf8")))
  expect(manifest.wasm.map(({ entrypoint }) => entrypoint)).toEqual(["todo/allow", "todo/readable"])
})
