import { execFile } from "node:child_process"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { root } from "../fixtures/sidecar.js"

/** Runs a script where there is no gateway, and nothing that could install one. */
const ran = (script: string, ...args: readonly string[]): Promise<{ readonly code: unknown; readonly out: string; readonly err: string }> =>
  new Promise((resolve) => {
    const env = { PATH: dirname(process.execPath), HOME: "/nowhere", XDG_CACHE_HOME: "/nowhere" }
    execFile(process.execPath, [join(root, "scripts", script), ...args], { env, cwd: root }, (error, out, err) =>
      resolve({ code: error ? error.code : 0, out, err }),
    )
  })

describe("the tests with real gateways", () => {
  it("fail by name without Traefik, which nobody builds unasked", async () => {
    const { code, err } = await ran("test-real.mjs")
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^[^\n]*Traefik [\d.]+ was not found[^\n]*PORTCULLIS_BUILD_TRAEFIK=1[^\n]*--without traefik\n$/),
    ])
  })

  it("leave out no gateway that they do not know", async () => {
    expect(await ran("test-real.mjs", "--without", "haproxy")).toMatchObject({ code: 1, err: expect.stringContaining("'haproxy'") })
    expect(await ran("test-real.mjs", "--without")).toMatchObject({ code: 1, err: expect.stringContaining("traefik") })
  })
})

describe("finding a gateway", () => {
  it("tells CI whether it is there, without installing it", async () => {
    expect(await ran("gateways.mjs", "--cached", "traefik")).toEqual({ code: 1, out: "", err: "" })
    expect(await ran("gateways.mjs", "--cached", "haproxy")).toMatchObject({ code: 1, err: expect.stringContaining("haproxy") })
  })
})
