import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer } from "node:net"
import { text } from "node:stream/consumers"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { identityAnswerNames } from "../../src/gateway/identity-answer.js"
import { root } from "../fixtures/sidecar.js"

const fileOf = (path: string) => readFileSync(join(root, path), "utf8")
const configurationOf = (path: string) => fileOf(join("examples/gateways", path)).toLowerCase()
const names = identityAnswerNames("X-NMP-")

/** What some server takes for another path or method than the one that was judged. */
const misleading = [
  "X-Original-URI",
  "X-Original-URL",
  "X-Original-Method",
  "X-Rewrite-URL",
  "X-Forwarded-Uri",
  "X-Forwarded-Method",
  "X-Forwarded-Prefix",
  "X-Envoy-Original-Path",
  "X-HTTP-Method",
  "X-HTTP-Method-Override",
  "X-Method-Override",
]

describe("the configurations of gateways", () => {
  it.each(["nginx/nginx.conf", "caddy/Caddyfile", "traefik/dynamic.yaml", "kubernetes/envoy-gateway-http.yaml"])(
    "name every header of the sidecar's answer where no pattern does: %s",
    (path) => {
      const words = new Set(configurationOf(path).match(/[\w-]+/g))
      expect(names.filter((name) => !words.has(name.toLowerCase()))).toEqual([])
    },
  )

  it("leave no misleading header to NGINX, which knows no patterns", () => {
    const blank = [...fileOf("examples/gateways/nginx/nginx.conf").matchAll(/^ {4}proxy_set_header (\S+) "";$/gm)].map(([, name]) => name)
    expect(misleading.filter((name) => !blank.includes(name))).toEqual([])
  })

  it.each(["nginx", "caddy", "traefik", "envoy-http", "envoy-grpc"])("are described where the page lists what is stripped and set: %s", (folder) => {
    const page = fileOf("docs/gateways.md")
    expect(page).toContain(`../examples/gateways/${folder}/`)
    expect([...names, ...misleading].filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })
})

describe("the example's command", () => {
  const ran = async (args: readonly string[], environment: Readonly<Record<string, string>> = {}) => {
    const env = { PATH: "/nowhere", XDG_CACHE_HOME: "/nowhere", ...environment }
    const child = spawn(process.execPath, [join(root, "examples/gateways/run.mjs"), ...args], { env, stdio: ["ignore", "pipe", "pipe"] })
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")])
    return { code, out, err }
  }

  it("shows how it is called when it is called otherwise", async () => {
    expect(await ran([])).toMatchObject({ code: 2, out: "", err: expect.stringContaining("envoy-http|envoy-grpc|nginx|traefik|caddy") })
    expect(await ran(["haproxy"])).toMatchObject({ code: 2, err: expect.stringMatching(/^gateway: 'haproxy' is none of /) })
    expect(await ran(["nginx", "caddy"])).toMatchObject({ code: 2, err: expect.stringContaining("'caddy'") })
    expect(await ran(["nginx", "--port", "1"])).toMatchObject({ code: 2, err: expect.stringContaining("--port") })
    expect(await ran(["--help"])).toMatchObject({ code: 0, err: "" })
  })

  it.each(["envoy", "caddy", "traefik"])("says in one line how to install %s", async (program) => {
    const { code, err } = await ran([program === "envoy" ? "envoy-grpc" : program])
    expect([code, err]).toEqual([1, expect.stringMatching(new RegExp(`^[^\\n]*install[^\\n]*${program.toUpperCase()}_BIN[^\\n]*\\n$`))])
  })

  it("leaves no sidecar behind, however it ends itself", async () => {
    const watch = join(root, "examples/gateways/end-with-parent.mjs")
    const child = spawn(process.execPath, ["--import", watch, "-e", "setInterval(() => {}, 1_000)"], { stdio: ["pipe", "ignore", "ignore"] })
    onTestFinished(() => void child.kill("SIGKILL"))
    const ended = once(child, "close")
    child.stdin.destroy()
    expect(await ended).toEqual([null, "SIGTERM"])
  })

  it("says in one line which port is taken", async () => {
    const other = createServer()
    // Whoever holds it, it is taken.
    await new Promise<void>((resolve) => other.once("error", () => resolve()).listen(8080, "127.0.0.1", resolve))
    onTestFinished(() => void other.close())
    const { code, err } = await ran(["caddy"], { CADDY_BIN: process.execPath })
    expect([code, err]).toEqual([1, expect.stringMatching(/^[^\n]*port 8080[^\n]*--free-ports\n$/)])
  })

  it("says what its gateway printed when it ends at once", async () => {
    const { code, err } = await ran(["caddy", "--free-ports"], { CADDY_BIN: process.execPath })
    expect([code, err]).toEqual([1, expect.stringContaining("Cannot find module")])
  })
})
