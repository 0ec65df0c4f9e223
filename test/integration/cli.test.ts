import { spawnSync } from "node:child_process"
import { closeSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { createServer, connect } from "node:net"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest"
import { quickstartCopy } from "../fixtures/quickstart.js"
import { root, start, type CommandProcess } from "../fixtures/sidecar.js"

const quickstartConfig = () => join(quickstartCopy(), "portcullis.yaml")

beforeAll(() => {
  const built = spawnSync(process.execPath, [join(root, "scripts/ensure-built.mjs")], { encoding: "utf8" })
  expect(built.stderr).not.toContain("do not compile")
})

async function serve(...args: readonly string[]): Promise<{ readonly url: string; readonly sidecar: CommandProcess }> {
  const sidecar = start(["serve", "--listen", "127.0.0.1:0", ...args])
  const [, url] = await sidecar.printed("out", /listens on (http:\S+)\n[^]*\n$/)
  return { url: url ?? "", sidecar }
}

describe("serve", () => {
  it("prints three requests of which one is allowed, one denied for the role, one for the scope", async () => {
    const { sidecar } = await serve("--config", quickstartConfig())
    const lines = [...sidecar.out().matchAll(/^# (.+)\ncurl \S+ '\\n' (\S+) .*-d '(.+)'$/gm)].slice(0, 3)
    const answers = await Promise.all(
      lines.map(async ([, title, url, body]) => {
        const ask = async (to: string): Promise<unknown> =>
          (await fetch(to, { method: "POST", body: body ?? "", headers: { "Content-Type": "application/json" } })).json()
        return { title, allow: await ask(url ?? ""), explain: await ask((url ?? "").replace(/allow$/, "explain")) }
      }),
    )
    const result = (allowed: boolean) => ({ result: expect.objectContaining({ allowed }) })
    const reason = (text: string) => ({ result: expect.objectContaining({ reasons: expect.arrayContaining([expect.stringContaining(text)]) }) })
    expect(answers).toMatchObject([
      { title: "allowed", allow: result(true) },
      { title: "denied for the role", allow: result(false), explain: reason("role_") },
      { title: "denied for the scope", allow: result(false), explain: reason("scope_missing") },
    ])
  })

  it.each(["SIGTERM", "SIGINT"] as const)("ends with exit 0 after %s", async (signal) => {
    const { sidecar } = await serve("--config", quickstartConfig())
    sidecar.child.kill(signal)
    expect(await sidecar.exited).toBe(0)
  })

  it("ends at once with the signal's code at the second one", async () => {
    const { sidecar, url } = await serve("--config", quickstartConfig())
    const socket = connect(Number(new URL(url).port), "127.0.0.1")
    onTestFinished(() => void socket.destroy())
    socket.on("error", () => {})
    await once(socket, "connect")
    socket.write("POST /apis/auth/v2/authz/allow HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{")
    sidecar.child.kill("SIGTERM")
    await sidecar.printed("err", /stopping/)
    sidecar.child.kill("SIGTERM")
    expect(await sidecar.exited).toBe(143)
  })

  it("decides on a changed file of bindings without a restart", async () => {
    const folder = quickstartCopy()
    const { url } = await serve("--config", join(folder, "portcullis.yaml"), "--bindings", join(folder, "bindings.yaml"))
    const check = ["check", "--url", url, "-p", "new@example.com", "GET", "/apis/models/v2/workspaces/ml-team/models"]
    expect(await start(check).exited).toBe(3)
    const bindings = readFileSync(join(folder, "bindings.yaml"), "utf8")
    writeFileSync(join(folder, "next.yaml"), `${bindings}  - { principal: new@example.com, workspace: ml-team, roles: [Viewer] }\n`)
    renameSync(join(folder, "next.yaml"), join(folder, "bindings.yaml"))
    await vi.waitFor(async () => expect(await start(check).exited).toBe(0), { timeout: 20_000, interval: 100 })
  })

  it("opens a second listener with health only", async () => {
    const { sidecar } = await serve("--config", quickstartConfig(), "--health-listen", "127.0.0.1:0")
    const [, health] = await sidecar.printed("out", /Health and metrics on (\S+)/)
    expect((await fetch(`${health}/health/ready`)).status).toBe(200)
    expect((await fetch(`${health}/apis/auth/v2/authz/allow`, { method: "POST" })).status).toBe(404)
  })

  it("reads its configuration from the environment", async () => {
    const sidecar = start(["serve"], {
      PORTCULLIS_CONFIG: quickstartConfig(),
      PORTCULLIS_SERVER__LISTEN: "127.0.0.1:0",
      PORTCULLIS_LOG__FORMAT: "json",
    })
    await sidecar.printed("out", /listens on/)
    const [line] = await sidecar.printed("err", /^\{.*\}$/m)
    expect(JSON.parse(line)).toMatchObject({ msg: "decisions can be made" })
  })

  it("answers 1 when the port is in use, naming it, without a stack", async () => {
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    const sidecar = start(["serve", "--config", quickstartConfig(), "--listen", `127.0.0.1:${port}`])
    expect(await sidecar.exited).toBe(1)
    expect(sidecar.err()).toContain(String(port))
    expect(sidecar.err()).not.toMatch(/^ +at /m)
  })

  it.each([
    ["an address that others can reach", 78, ["--listen", "0.0.0.0:0"]],
    ["a configuration file that is not there", 78, ["--config", "absent.yaml"]],
    ["authorization data that is not there", 1, ["--data", "absent.yaml"]],
    ["bindings that are not there", 1, ["--bindings", "absent.yaml"]],
  ])("refuses %s with exit %i, without a stack", async (_, code, args) => {
    const sidecar = start(["serve", ...args])
    expect(await sidecar.exited).toBe(code)
    expect(sidecar.out()).toBe("")
    expect(sidecar.err()).toMatch(/^portcullis: /)
    expect(sidecar.err()).not.toMatch(/^ +at /m)
  })
})

describe("results", () => {
  const portcullis = join(root, "dist/cli/portcullis.js")

  it("arrive as a whole at whoever reads them slowly", () => {
    const file = join(mkdtempSync(join(tmpdir(), "portcullis-cli-")), "a.yaml")
    onTestFinished(() => rmSync(dirname(file), { recursive: true }))
    writeFileSync(file, `version: 1\nroles:\n${Array.from({ length: 3_000 }, (_, at) => `  R${at}: {includes: [Nobody${at}]}\n`).join("")}`)
    const command = `"${process.execPath}" "${portcullis}" data lint -o json "${file}" | { read -r first; echo "$first"; cat; }`
    const { stdout } = spawnSync("sh", ["-c", command], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
    expect(JSON.parse(stdout)).toMatchObject({ findings: { length: 3_000 } })
  })

  it.skipIf(process.platform !== "linux").each([["version"], ["--help"], ["config", "reference"]])(
    "that cannot be written are an error: %s %s",
    (...args) => {
      const full = openSync("/dev/full", "w")
      onTestFinished(() => closeSync(full))
      const { status, stderr } = spawnSync(process.execPath, [portcullis, ...args], { encoding: "utf8", stdio: ["ignore", full, "pipe"] })
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining("portcullis: cannot write the results: ENOSPC") })
    },
  )
})

describe("check", () => {
  it("asks a running PDP of either profile", async () => {
    for (const profile of ["hardened", "nemo"]) {
      const { url } = await serve("--config", quickstartConfig(), "--profile", profile)
      const ask = (method: string): Promise<number | null> =>
        start(["check", "--url", url, "-p", "ann@example.com", method, "/apis/models/v2/workspaces/ml-team/models"]).exited
      expect([profile, await ask("GET"), await ask("POST")]).toEqual([profile, 0, 3])
    }
  })
})

it("survives a reader that closes the pipe early", () => {
  const { status, stderr } = spawnSync("sh", ["-c", `"${process.execPath}" "${join(root, "dist/cli/portcullis.js")}" config reference | head -n 1`], {
    encoding: "utf8",
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
})
