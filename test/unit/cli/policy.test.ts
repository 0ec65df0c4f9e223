import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { run } from "../../fixtures/terminal.js"

const bundle = "examples/custom-policy/bundle.tar.gz"
const wasm = "examples/own-policy/policy.wasm"

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "portcullis-policy-"))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

/** An OPA that does as the script says. */
function fakeOpa(script: string): { readonly OPA_BIN: string } {
  const path = join(folder(), "opa")
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return { OPA_BIN: path }
}

describe("portcullis policy eval", () => {
  it("evaluates an entrypoint of a bundle on an input from stdin", async () => {
    const input = async () => '{"principal": "ann", "action": "delete", "todo": {"id": 1, "owner": "ben"}}'
    expect(await run(["policy", "eval", "todo/allow", "--policy", bundle, "--input", "-"], { input })).toEqual({ code: 0, out: "false\n", err: "" })
  })

  it("takes a module with data in JSON and YAML, which do not contradict each other", async () => {
    const made = folder()
    writeFileSync(join(made, "a.json"), '{"owners": {"1": "ann"}}')
    writeFileSync(join(made, "b.yaml"), "owners: { '2': ben }")
    writeFileSync(join(made, "c.json"), '{"owners": {"1": "eve"}}')
    writeFileSync(join(made, "input.json"), '{"principal": "ben", "todo": "2"}')
    const args = [
      "policy",
      "eval",
      "todo/allow",
      "--policy",
      wasm,
      "--input",
      join(made, "input.json"),
      "-d",
      join(made, "a.json"),
      "-d",
      join(made, "b.yaml"),
    ]
    expect(await run(args)).toMatchObject({ code: 0, out: "true\n" })
    expect(await run([...args, "-d", join(made, "c.json")])).toMatchObject({ code: 1, out: "" })
  })

  it("says what is wrong", async () => {
    const broken = folder()
    writeFileSync(join(broken, "data.json"), "[]")
    expect(await run(["policy", "eval", "todo/nothing", "--policy", bundle])).toMatchObject({
      code: 1,
      err: expect.stringContaining("todo/readable"),
    })
    expect((await run(["policy", "eval", "todo/allow", "--policy", "nowhere"])).code).toBe(1)
    expect((await run(["policy", "eval", "todo/allow", "--policy", wasm, "-d", join(broken, "data.json")])).code).toBe(1)
    expect((await run(["policy", "eval", "todo/allow", "--policy", bundle, "-i", "-"], { input: async () => "{" })).code).toBe(1)
    expect((await run(["policy", "eval", "todo/allow"])).code).toBe(2)
  })
})

describe("OPA", () => {
  it("is what a folder of Rego needs, and tests: without it the configuration is bad", async () => {
    const evaluated = await run(["policy", "eval", "todo/allow", "--policy", "examples/custom-policy/policy"])
    expect(evaluated).toMatchObject({ code: 78, err: expect.stringContaining("opa build") })
    expect((await run(["policy", "test", "examples/custom-policy/policy"])).code).toBe(78)
    expect((await run(["policy", "test", "."], { environment: { OPA_BIN: "nowhere" } })).code).toBe(78)
    expect((await run(["serve", "--policy", "examples/custom-policy/policy"])).code).toBe(78)
  })

  it("compiles a folder, without its tests, with the entrypoints that are asked for", async () => {
    const made = folder()
    writeFileSync(join(made, "todo.rego"), "package todo")
    const environment = fakeOpa(`echo "$@" > ${join(made, "args")}; while [ "$1" != -o ]; do shift; done; cp ${bundle} "$2"`)
    const input = async () => '{"principal": "root", "action": "delete", "todo": {}}'
    expect(await run(["policy", "eval", "todo/allow", "--policy", made, "-i", "-"], { environment, input })).toMatchObject({ code: 0, out: "true\n" })
  })

  it("is quoted when it cannot compile", async () => {
    const environment = fakeOpa("echo 'rego_parse_error: somewhere' >&2; exit 1")
    const made = folder()
    writeFileSync(join(made, "todo.rego"), "no rego")
    const { code, err } = await run(["policy", "eval", "todo/allow", "--policy", made], { environment })
    expect(code).toBe(1)
    expect(err).toContain("rego_parse_error: somewhere")
  })

  it("runs tests, and the exit code says how they went", async () => {
    expect(await run(["policy", "test", "a", "b", "-v", "--run", "x"], { environment: fakeOpa('echo "$@"') })).toMatchObject({
      code: 0,
      out: "test --run x --verbose a b\n",
    })
    expect(await run(["policy", "test", "a", "--run", "ann"], { environment: fakeOpa("true") })).toEqual({
      code: 0,
      out: "",
      err: "portcullis: no test matches 'ann'\n",
    })
    expect(await run(["policy", "test", "a"], { environment: fakeOpa("echo FAIL: 1/2; exit 2") })).toMatchObject({ code: 1, out: "FAIL: 1/2\n" })
    expect(await run(["policy", "test", "a"], { environment: fakeOpa("echo nothing there >&2; exit 1") })).toMatchObject({
      code: 1,
      err: "nothing there\n",
    })
  })
})
