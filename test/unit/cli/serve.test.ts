import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { quickstartCopy } from "../../fixtures/quickstart.js"
import { root } from "../../fixtures/sidecar.js"
import { run, type CommandResult } from "../../fixtures/terminal.js"

interface Serving {
  readonly announced: string
  readonly url: string
  readonly log: () => string
  readonly stop: () => void
  readonly ended: Promise<CommandResult>
}

async function serve(...args: readonly string[]): Promise<Serving> {
  let stop = () => {}
  let log = ""
  let text = ""
  let writes = 0
  let announced = () => {}
  const bothWritten = new Promise<void>((resolve) => (announced = resolve))
  const ended = run(["serve", "--config", join(quickstartCopy(), "portcullis.yaml"), "--listen", "127.0.0.1:0", ...args], {
    out: (more) => {
      text += more
      if (++writes === 2) announced()
    },
    err: (text) => void (log += text),
    onStop: (stopped) => (stop = stopped),
  })
  onTestFinished(async () => {
    stop()
    await ended
  })
  await bothWritten
  return { announced: text, url: /listens on (\S+)/.exec(text)?.[1] ?? "", log: () => log, stop, ended }
}

describe("serve", () => {
  it("announces where it listens, three requests and a walk of seven, logs what it decides on, and ends with 0", async () => {
    const { announced, url, log, stop, ended } = await serve("--health-listen", "127.0.0.1:0")
    expect(announced.match(/^curl .*$/gm)).toHaveLength(10)
    expect(announced).toContain("Health and metrics on http://127.0.0.1:")
    expect(log()).toMatch(/INFO decisions can be made revision=\S+ bindings=\d+/)
    stop()
    expect((await ended).code).toBe(0)
    await expect(fetch(`${url}/health`)).rejects.toThrow()
  })

  it("announces requests that send the service's header in the nemo profile", async () => {
    const { announced } = await serve("--profile", "nemo")
    expect(announced.match(/X-NMP-Principal-Id: service:/g)).toHaveLength(5)
  })

  it("announces itself without requests when nobody holds anything", async () => {
    const { announced, log } = await serve("--bindings", join(root, "test/fixtures/no-bindings.yaml"))
    expect(announced).not.toContain("curl")
    expect(log()).toMatch(/WARN nobody holds a role yet, .*--bindings FILE/)
  })
})

describe("serve on a port in use", () => {
  it("says so once, and how to take another", async () => {
    const { url } = await serve()
    const address = url.replace("http://", "")
    const { code, err } = await run(["serve", "--config", join(quickstartCopy(), "portcullis.yaml"), "--listen", address])
    expect(code).toBe(1)
    expect(err.split(address)).toHaveLength(2)
    expect(err).toMatch(/the port is in use; .*--listen HOST:PORT, PORTCULLIS_SERVER__LISTEN/)
  })
})

it("the health listener names what it has, and nothing that it has not", async () => {
  const { announced } = await serve("--health-listen", "127.0.0.1:0")
  const health = /Health and metrics on (\S+)/.exec(announced)?.[1] ?? ""
  const answer = await fetch(`${health}/openapi.json`)
  expect(answer.status).toBe(404)
  expect(await answer.text()).toMatch(/here are \/health, .*\/metrics/)
})

describe("check", () => {
  it("asks the PDP that --url names, and tells the reason of a deny", async () => {
    const { url } = await serve()
    const ask = (...args: readonly string[]) => run(["check", "--url", url, "-p", "ann@example.com", ...args])
    const path = "/apis/models/v2/workspaces/ml-team/models"
    expect(await ask("GET", path)).toMatchObject({ code: 0, out: "allowed\n" })
    expect(await ask("POST", path)).toMatchObject({ code: 3, out: expect.stringMatching(/^denied: role_/) })
    expect(await ask("--scope", "openid", "GET", path)).toMatchObject({
      code: 3,
      out: expect.stringMatching(/^denied: scope_missing\n  needs one of the scopes .*; presented: openid\n/),
    })
    expect(await ask("--scope", "openid models:read", "-g", "ml-readers", "--email", "ann@example.com", "GET", path)).toMatchObject({ code: 0 })
    expect(JSON.parse((await ask("-o", "json", "GET", path)).out)).toMatchObject({ allowed: true, reasons: [], revision: expect.any(String) })
  })

  it("tells what a server answers that refuses or is no PDP", async () => {
    const { url } = await serve()
    expect(await run(["check", "--url", "ftp://x", "-p", "ann", "GET", "/x"])).toMatchObject({ code: 1, out: "" })
    expect(
      (await run(["check", "--url", url, "-p", "ann", ...Array.from({ length: 101 }, (_, index) => ["-g", `g${index}`]).flat(), "GET", "/x"])).err,
    ).toMatch(/answered 400: .*group/)
  })
})
