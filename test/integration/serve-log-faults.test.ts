import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { z } from "zod"
import { temporaryFolder } from "../fixtures/doors.js"
import { freePort } from "../fixtures/free-port.js"
import { serving, type Serving } from "../fixtures/serving.js"
import { root, start } from "../fixtures/sidecar.js"

beforeAll(() => {
  const built = spawnSync(process.execPath, [join(root, "scripts/ensure-built.mjs")], { encoding: "utf8" })
  expect(built.stderr).not.toContain("do not compile")
})

const own = ["--policy", "test/fixtures/opa-api/policy.wasm", "--data", "test/fixtures/opa-api/data.json"]
const decide = ({ send }: Serving) => send("POST", "/v1/data/todo/allow", { body: { input: { who: "zoe", action: "read" } } })

describe("serve with a decision log whose sink fails", () => {
  /** The log of its end, by message. */
  async function ended(sidecar: Serving): Promise<ReadonlyMap<string, z.infer<typeof Line>>> {
    expect((await decide(sidecar)).status).toBe(200)
    await sidecar.printed("err", /a sink of the decision log fails/)
    expect(await sidecar.kill("SIGTERM")).toBe(0)
    expect(sidecar.err()).not.toContain("unsettled")
    const lines = sidecar.err().split("\n").filter(Boolean)
    return new Map(lines.map((line) => Line.parse(JSON.parse(line))).map((line) => [line.msg, line]))
  }
  const missing = "decisions are missing in the decision log; docs/http.md says what each cause means"

  it("tries again until the time is over, says what is missing, and ends with 0: a file", async () => {
    const folder = join(temporaryFolder(), "logs")
    mkdirSync(folder)
    const sidecar = await serving({ DECISION_LOG__FILE__PATH: join(folder, "d.log"), DECISION_LOG__CLOSE_SECONDS: "1" }, ...own)
    rmSync(folder, { recursive: true })
    expect((await ended(sidecar)).get(missing)?.lost).toEqual({ closed: 1 })
  })

  it("tries again until the time is over, says what is missing, and ends with 0: a server that is away", async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    const settings = { DECISION_LOG__HTTP__URL: url, DECISION_LOG__HTTP__MIN_DELAY_SECONDS: "0", DECISION_LOG__CLOSE_SECONDS: "1" }
    const log = await ended(await serving(settings, ...own))
    expect(log.get(missing)?.lost).toEqual({ closed: 1 })
    expect(log.get("stopping: requests in work may finish")).toBeDefined()
  })

  it.each([
    ["a folder that is not there", () => "/nonexist/d.log", "ENOENT"],
    ["a folder", () => temporaryFolder(), "this is a folder"],
  ])("does not begin with the path of %s", async (_, path, why) => {
    const refused = start(["serve", "--listen", "127.0.0.1:0", ...own], { PORTCULLIS_DECISION_LOG__FILE__PATH: path() })
    expect(await refused.exited).toBe(78)
    expect([refused.out(), refused.err()]).toEqual(["", expect.stringContaining("decision_log.file.path: ")])
    expect(refused.err()).toContain(why)
  })
})

it("a program that only waits for its decision log to close lives until it has", () => {
  const program = `
    import { createDecisionLog, createPdp, fileSink } from "portcullis"
    const decisionLog = createDecisionLog({ sinks: [fileSink({ path: "/nonexist/d.log" })] })
    const pdp = await createPdp({ policy: { wasm: "test/fixtures/opa-api/policy.wasm" }, decisionLog })
    pdp.evaluate("todo/allow", {})
    await pdp.close()
    await decisionLog.close(300)
    console.log(decisionLog.status().sinks[0].dropped.closed)`
  const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { cwd: root, encoding: "utf8" })
  expect([status, stdout]).toEqual([0, "1\n"])
})

it("serve with events on stdout writes nothing else there", async () => {
  const sidecar = start(["serve", "--listen", "127.0.0.1:0", ...own], { PORTCULLIS_DECISION_LOG__CONSOLE: "true" })
  const [, url = ""] = await sidecar.printed("err", /listens on (http:\S+)/)
  await sidecar.printed("err", /\/v1\/data\/todo/)
  await fetch(`${url}/v1/data/todo/allow`, { method: "POST", body: '{"input":{}}' })
  sidecar.child.kill("SIGTERM")
  expect(await sidecar.exited).toBe(0)
  const lines = sidecar.out().split("\n").filter(Boolean)
  expect(lines.map((line) => z.object({ path: z.string() }).parse(JSON.parse(line)).path)).toEqual(["todo/allow"])
})

describe("serve on files that cannot be used", () => {
  const bundle = "examples/custom-policy/bundle.tar.gz"
  it.each<readonly [string, ...(readonly string[])]>([
    ["a policy that is not there", "--policy", "nofile"],
    ["a policy that is none", "--policy", "README.md"],
    ["data that is not there", "--policy", bundle, "--data", "nofile.json"],
    ["an entrypoint that is not there", "--policy", bundle, "--entrypoint", "todo/xx"],
    ["a bundle that is not there", "--bundle", "nofile"],
    ["a bundle that is none", "--bundle", "README.md"],
  ])("ends with 1 and one line: %s", async (_, ...args) => {
    await assertRefused(args, 1, args.at(-1) ?? "")
  })

  it("ends with 1 and one line: bindings that are none", async () => {
    const file = join(temporaryFolder(), "bindings.yaml")
    writeFileSync(file, "a: [")
    await assertRefused(["--bindings", file], 1, file)
  })

  it("takes no other URL for a file", async () => {
    await assertRefused(["--bundle", "ftp://x/y"], 78, "bundle_source.url")
  })

  async function assertRefused(args: readonly string[], code: number, names: string): Promise<void> {
    const refused = start(["serve", "--listen", "127.0.0.1:0", ...args])
    expect(await refused.exited).toBe(code)
    expect([refused.out(), refused.err()]).toEqual(["", expect.stringMatching(/^portcullis: /)])
    expect(refused.err()).toContain(names)
    if (code === 1) expect(refused.err().trimEnd()).not.toContain("\n")
  }
})

const Line = z.looseObject({ msg: z.string(), lost: z.record(z.string(), z.number()).optional() })
