import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { freePort } from "../fixtures/free-port.js"
import { serving, type Serving } from "../fixtures/serving.js"
import { start } from "../fixtures/sidecar.js"

const todo = ["--policy", "test/fixtures/opa-api/policy.wasm", "--data", "test/fixtures/opa-api/data.json"]
const logPolicy = ["--policy", "test/fixtures/log-policy/policy.wasm"]

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "portcullis-opa-"))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

const events = (file: string): readonly Record<string, unknown>[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Record<string, unknown> => JSON.parse(line))

describe("portcullis serve with opa.data_writes", () => {
  const writing = (): Promise<Serving> => serving({ OPA__DATA_WRITES: "true" }, ...todo)
  const mayRead = async ({ send }: Serving): Promise<unknown> =>
    (await send("POST", "/v1/data/todo/allow", { body: { input: { who: "zoe", action: "read" } } })).body

  it("takes data by PUT, PATCH and DELETE, and decides on it at once", async () => {
    const sidecar = await writing()
    const { send } = sidecar
    const revisions = [(await send("GET", "/v1/data/grants/zoe")).headers["x-portcullis-revision"]]
    expect(await mayRead(sidecar)).toEqual({ result: false })
    const put = await send("PUT", "/v1/data/grants/zoe", { body: { read: true, write: true } })
    expect([put.status, put.text]).toEqual([204, ""])
    expect(await mayRead(sidecar)).toEqual({ result: true })
    expect((await send("PUT", "/v1/data/grants/zoe", { body: {}, headers: { "If-None-Match": "*" } })).status).toBe(304)
    const patch = await send("PATCH", "/v1/data/grants", {
      body: [
        { op: "remove", path: "/zoe/read" },
        { op: "add", path: "/eve", value: {} },
      ],
    })
    expect(patch.status).toBe(204)
    expect(await mayRead(sidecar)).toEqual({ result: false })
    expect((await send("GET", "/v1/data/grants/zoe")).body).toEqual({ result: { write: true } })
    expect((await send("DELETE", "/v1/data/grants/zoe")).status).toBe(204)
    expect((await send("GET", "/v1/data/grants/zoe")).body).toEqual({})
    expect((await send("DELETE", "/v1/data/grants/zoe")).status).toBe(404)
    revisions.push(put.headers["x-portcullis-revision"], patch.headers["x-portcullis-revision"])
    expect(new Set(revisions).size).toBe(3)
  })

  it("refuses what is no write, what is a rule, and what begins with authz; nothing of it changes anything", async () => {
    const sidecar = await writing()
    const before = (await sidecar.send("GET", "/v1/data")).body
    const status = async (method: string, path: string, body?: unknown): Promise<number> =>
      (await sidecar.send(method, path, body === undefined ? {} : { body })).status
    expect([
      await status("PUT", "/v1/data/authz/x", 1),
      await status("PATCH", "/v1/data", [{ op: "add", path: "/authz_data", value: {} }]),
      await status("PUT", "/v1/data/todo/allow", true),
      await status("PATCH", "/v1/data/grants", [{ op: "move", path: "/x" }]),
      await status("PUT", "/v1/data/grants"),
      await status("DELETE", "/v1/data"),
    ]).toEqual([400, 400, 400, 400, 400, 405])
    expect((await sidecar.send("GET", "/v1/data")).body).toEqual(before)
  })

  it("goes back to what the files say when one of them changes", async () => {
    const data = join(folder(), "data.json")
    writeFileSync(data, "{}")
    const sidecar = await serving({ OPA__DATA_WRITES: "true" }, "--policy", "test/fixtures/opa-api/policy.wasm", "--data", data)
    await sidecar.send("PUT", "/v1/data/grants/zoe", { body: { read: true } })
    expect(await mayRead(sidecar)).toEqual({ result: true })
    writeFileSync(data, JSON.stringify({ grants: { eve: {} } }))
    await expect.poll(async () => (await sidecar.send("GET", "/v1/data/grants")).body, { timeout: 20_000 }).toEqual({ result: { eve: {} } })
    expect(await mayRead(sidecar)).toEqual({ result: false })
  })

  it("lets trusted peers write only", async () => {
    const { send } = await writing()
    expect((await send("PUT", "/v1/data/grants/zoe", { body: {}, headers: { "X-Forwarded-For": "10.0.0.1" } })).status).toBe(403)
  })

  it("is off by default, and refused for the product's policy", async () => {
    const { send } = await serving({}, ...todo)
    expect((await send("PUT", "/v1/data/grants/zoe", { body: {} })).body).toMatchObject({ code: "invalid_parameter" })
    const refused = start(["serve", "--listen", "127.0.0.1:0", "--bindings", "test/fixtures/no-bindings.yaml"], {
      PORTCULLIS_OPA__DATA_WRITES: "true",
    })
    expect(await refused.exited).toBe(78)
    expect(refused.err()).toMatch(/env PORTCULLIS_OPA__DATA_WRITES: opa\.data_writes is true.*policy\.path/)
  })
})

describe("portcullis serve with opa.authorization", () => {
  it("asks the policy about each request", async () => {
    const { send, out } = await serving({ OPA__AUTHORIZATION: "true", OPA__DEFAULT_DECISION: "/todo/allow" }, ...todo)
    const asked = async (path: string, token?: string): Promise<number> =>
      (await send("GET", path, { headers: token === undefined ? {} : { Authorization: `Bearer ${token}` } })).status
    expect([await asked("/v1/config"), await asked("/v1/config", "bad"), await asked("/v1/config", "good"), await asked("/health")]).toEqual([
      500, 401, 200, 500,
    ])
    expect((await send("POST", "/", { body: { role: "admin" }, headers: { Authorization: "Bearer good" } })).text).toBe("true\n")
    expect(out()).not.toContain("curl")
  })

  it("is refused when the policy cannot be asked", async () => {
    const refused = start(["serve", "--listen", "127.0.0.1:0", ...logPolicy], { PORTCULLIS_OPA__AUTHORIZATION: "true" })
    expect(await refused.exited).toBe(78)
    expect(refused.err()).toMatch(/opa\.authorization.*-e system\/authz\/allow/)
  })
})

describe("portcullis serve with opa.labels", () => {
  it("is called the same in its configuration, its status and its decision log, and hides what is secret", async () => {
    const file = join(folder(), "decisions.log")
    const settings = {
      OPA__LABELS: "region=west",
      DECISION_LOG__FILE__PATH: file,
      BUNDLE__TOKENS: '[{"name": "a", "token": "s3cret-and-long-enough"}]',
    }
    const { send } = await serving(settings, ...todo)
    const config = await send("GET", "/v1/config")
    const { labels, bundle } = Object(config.body).result
    expect(labels).toEqual({ region: "west", id: expect.stringMatching(/^[0-9a-f-]{36}$/), version: expect.any(String) })
    expect([bundle.tokens, config.text]).toEqual(["(hidden)", expect.not.stringContaining("s3cret")])
    expect(Object((await send("GET", "/v1/status")).body).result.labels).toEqual(labels)
    await send("POST", "/v1/data/todo/allow", { body: { input: {} } })
    await expect.poll(() => events(file)).toMatchObject([{ path: "todo/allow", labels }])
  })
})

describe("the decision log of portcullis serve", () => {
  it("holds what others ask, and nothing that was tried at the start", async () => {
    const made = folder()
    const file = join(made, "decisions.log")
    writeFileSync(join(made, "b.yaml"), "version: 1\nbindings: [{ principal: ann, workspace: ml, roles: [Viewer] }]\n")
    const sidecar = await serving({ DECISION_LOG__FILE__PATH: file }, "--bindings", join(made, "b.yaml"))
    await sidecar.printed("out", /# denied for the scope\ncurl/)
    expect(await sidecar.mayRead("ann")).toBe(true)
    expect(await sidecar.kill("SIGTERM")).toBe(0)
    expect(events(file)).toMatchObject([{ path: "authz/allow", allowed: true, input: { principal_id: "ann" } }])
  })

  it("is masked and thinned out by the policy, and by the configuration", async () => {
    const file = join(folder(), "decisions.log")
    const settings = {
      DECISION_LOG__FILE__PATH: file,
      DECISION_LOG__POLICY_MASK: "true",
      DECISION_LOG__POLICY_DROP: "true",
      DECISION_LOG__MASK: "/input/other",
      DECISION_LOG__DROP: '[{"entrypoint": "notes/document"}]',
    }
    const sidecar = await serving(settings, ...logPolicy)
    const ask = (path: string, input: object) => sidecar.send("POST", `/v1/data/${path}`, { body: { input } })
    await ask("notes/allow", { role: "reader", pin: 1234, note: "private", other: 1, password: "s3cret" })
    await ask("notes/allow", { role: "probe" })
    await ask("notes/document/pin", { pin: 1 })
    await ask("notes/allow", { role: "nobody" })
    await sidecar.kill("SIGTERM")
    expect(events(file)).toMatchObject([
      { input: { role: "reader", note: "**" }, erased: ["/input/password", "/input/other", "/input/pin"], masked: ["/input/note"], allowed: true },
      { input: { role: "nobody" }, allowed: false },
    ])
  })

  it("asks no policy for masks that has none", async () => {
    const refused = start(["serve", "--listen", "127.0.0.1:0", ...todo], {
      PORTCULLIS_DECISION_LOG__CONSOLE: "true",
      PORTCULLIS_DECISION_LOG__POLICY_MASK: "true",
    })
    expect(await refused.exited).toBe(78)
    expect(refused.err()).toMatch(/decision_log\.policy_mask.*-e system\/log\/mask/)
  })

  it("goes round in a number of files", async () => {
    const made = folder()
    const file = join(made, "decisions.log")
    const settings = { DECISION_LOG__FILE__PATH: file, DECISION_LOG__FILE__MAX_BYTES: "1024", DECISION_LOG__FILE__MAX_FILES: "3" }
    const { send } = await serving(settings, ...todo)
    for (let at = 0; at < 20; at++) {
      await send("POST", "/v1/data/todo/maybe", { body: { input: { x: at } } })
      await expect.poll(() => events(file).at(-1)?.["result"]).toBe(at)
    }
    const kept = [...events(`${file}.2`), ...events(`${file}.1`), ...events(file)].map(({ result }) => result)
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, at) => 20 - kept.length + at))
    expect(() => readFileSync(`${file}.3`)).toThrow()
  })

  it("takes in that of another Portcullis, whose reasons stay, and which uploads what it kept while nobody took it", async () => {
    const made = folder()
    const [file, token] = [join(made, "merged.log"), join(made, "token")]
    writeFileSync(token, "a-token-for-logs-only\n")
    const port = await freePort()
    const edge = await serving(
      {
        OPA__LABELS: "region=west",
        DECISION_LOG__LOG: "denies",
        DECISION_LOG__HTTP__URL: `http://127.0.0.1:${port}`,
        DECISION_LOG__HTTP__PARTITION: "west",
        DECISION_LOG__HTTP__TOKEN_FILE: token,
        DECISION_LOG__HTTP__MIN_DELAY_SECONDS: "0",
        DECISION_LOG__HTTP__MAX_DELAY_SECONDS: "0.2",
        DECISION_LOG__HTTP__SPOOL: join(made, "spool"),
      },
      "--bindings",
      "test/fixtures/no-bindings.yaml",
    )
    expect(await edge.mayRead("ann")).toBe(false)
    const metric = async (name: string): Promise<string | undefined> =>
      new RegExp(`^portcullis_decision_log_${name}\\{.*\\} (\\d+)$`, "m").exec((await edge.send("GET", "/metrics")).text)?.[1]
    await expect.poll(() => metric("sink_failing")).toBe("1")
    expect(await metric("sink_spooled_events")).toBe("1")
    const settings = { DECISION_LOG__FILE__PATH: file, BUNDLE__TOKENS: `[{"name": "edge", "token": "a-token-for-logs-only", "allow": ["logs"]}]` }
    await serving(settings, "--listen", `127.0.0.1:${port}`, ...todo)
    await expect.poll(() => metric("sink_written_total"), { timeout: 10_000 }).toBe("1")
    await expect
      .poll(() => events(file))
      .toMatchObject([
        {
          path: "authz/allow",
          allowed: false,
          reason: "role_missing",
          endpoint: expect.any(String),
          labels: { region: "west" },
          received: { from: "token edge", partition: "west" },
        },
      ])
    expect(await metric("sink_spooled_events")).toBe("0")
  })
})
