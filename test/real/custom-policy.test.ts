import { execFile } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, it, onTestFinished } from "vitest"
import { createPdp, fileBundle } from "../../src/index.js"
import { until } from "../fixtures/opa-server.js"
import { root, start } from "../fixtures/sidecar.js"

const opa = process.env["OPA_BIN"] ?? "opa"
const example = join(root, "examples/custom-policy")

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "portcullis-custom-"))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

const mayDelete = { input: { principal: "ann", action: "delete", todo: { id: 2, owner: "ben" } } }

describe("the example of a policy of one's own", () => {
  it("is committed with the bundle that OPA builds of it", async () => {
    const out = join(folder(), "bundle.tar.gz")
    await promisify(execFile)("sh", [join(example, "build.sh"), out], { env: { ...process.env, OPA_BIN: opa } })
    expect(readFileSync(out).equals(readFileSync(join(example, "bundle.tar.gz")))).toBe(true)
  })

  it("passes its tests", async () => {
    const tests = start(["policy", "test", "examples/custom-policy/policy"], { OPA_BIN: opa })
    expect(await tests.exited).toBe(0)
    expect(tests.out()).toContain("PASS: 4/4")
  })

  it("is served from source; a change of Rego or data decides, and a mistake changes nothing", async () => {
    const made = folder()
    cpSync(example, made, { recursive: true })
    const environment = { OPA_BIN: opa }
    const sidecar = start(["serve", "--listen", "127.0.0.1:0", "--policy", join(made, "policy"), "--data", join(made, "data.json")], environment)
    const [, url = ""] = await sidecar.printed("out", /listens on (http:\S+)/)
    const ask = async (): Promise<unknown> => (await fetch(`${url}/v1/data/todo/allow`, { method: "POST", body: JSON.stringify(mayDelete) })).json()
    expect(await ask()).toEqual({ result: false })
    const rego = join(made, "policy/todo.rego")
    writeFileSync(rego, `${readFileSync(rego, "utf8")}\nallow if input.principal == "ann"\n`)
    await until(async () => JSON.stringify(await ask()) === '{"result":true}')
    writeFileSync(rego, "no rego")
    await sidecar.printed("err", /rego_parse_error/)
    expect(await ask()).toEqual({ result: true })
  })
})

describe("what opa build makes", () => {
  it("decides as OPA does", async () => {
    const made = folder()
    const files = {
      "app.rego":
        'package app\n\n# METADATA\n# entrypoint: true\ngreeting := sprintf("hello %s", [data.names[input.id]])\n\n# METADATA\n# entrypoint: true\nall := sort([n | some n in data.names])\n',
      "data.json": '{"names": {"1": "ann", "2": "ben"}}',
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(made, name), text)
    const path = join(made, "bundle.tar.gz")
    await promisify(execFile)(opa, ["build", "-t", "wasm", "-b", made, "-o", path])
    const pdp = await createPdp({ bundle: fileBundle({ path }) })
    onTestFinished(() => pdp.close())
    expect(pdp.evaluate("app/greeting", { id: "2" })).toBe("hello ben")
    expect(pdp.evaluate("app/greeting", { id: "3" })).toBeUndefined()
    expect(pdp.evaluate("app/all", undefined)).toEqual(["ann", "ben"])
  })
})
