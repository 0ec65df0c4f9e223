import { describe, expect, it } from "vitest"
import { fakeApi } from "../../fixtures/fake-api.js"
import { run } from "../../fixtures/terminal.js"

const current = {
  id: "0d0f",
  state: "current",
  revision: "0a0b0c0d.7",
  lag_revisions: 0,
  lag_seconds: 0,
  seen_seconds_ago: 0.24,
  who: "token west",
  address: "10.0.0.7",
  version: "1.20.2",
  labels: { name: "west-1" },
  bundles: [{ name: "authz", revision: "0a0b0c0d.7" }],
}
const failing = {
  ...current,
  id: "1e1f",
  labels: {},
  state: "failing",
  revision: "0a0b0c0d.5",
  lag_revisions: 2,
  lag_seconds: 61.4,
  bundles: [{ name: "authz", error: { code: "bundle_error", message: "detected overlapping\nroots" } }],
}
const fleet = (opas: readonly object[], more = false) => ({
  status: 200,
  body: { revision: "0a0b0c0d.7", pdps: [{ this_process: true, version: "0.1.0", ready: true, revision: "0a0b0c0d.7" }], opas, more_opas: more },
})

describe("fleet", () => {
  it("prints who runs what, and why one does not", async () => {
    const { url, calls } = await fakeApi(() => fleet([current, failing]))
    const { code, out } = await run(["fleet", "--url", url, "--as", "admin@example.com"])
    expect([code, calls[0]?.target]).toEqual([0, "/fleet"])
    expect(out.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["MEMBER", "STATE", "REVISION", "LAG", "SEEN", "WHO", "RUNS", "LAST ERROR"],
      ["this process", "current", "0a0b0c0d.7", "portcullis 0.1.0"],
      ["west-1", "current", "0a0b0c0d.7", "0", "0.2 s", "token west at 10.0.0.7", "opa 1.20.2"],
      ["1e1f", "failing", "0a0b0c0d.5", "2, 61 s", "0.2 s", "token west at 10.0.0.7", "opa 1.20.2", "authz: detected overlapping roots"],
      [""],
    ])
  })

  it("prints the other processes, and what differs there", async () => {
    const { body } = fleet([{ ...current, program: "portcullis", version: "0.1.0" }])
    const others = [
      {
        name: "west :8181 (process 7)",
        state: "current",
        version: "0.1.0",
        ready: true,
        revision: "0a0b0c0d.7",
        differs: ["policy", "authorization_data"],
      },
      { name: "east :8181 (process 8)", state: "not_ready", version: "0.1.0", ready: false, seen_seconds_ago: 3.2 },
    ]
    const { url } = await fakeApi(() => ({ status: 200, body: { ...body, pdps: [...body.pdps, ...others], pdps_unknown: true } }))
    const { out } = await run(["fleet", "--url", url, "--as", "a"])
    expect(out.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["MEMBER", "STATE", "REVISION", "LAG", "SEEN", "WHO", "RUNS", "LAST ERROR"],
      ["this process", "current", "0a0b0c0d.7", "portcullis 0.1.0"],
      [
        "west :8181 (process 7)",
        "current",
        "0a0b0c0d.7",
        "portcullis 0.1.0",
        "runs another policy than this process; runs other authorization data than this process",
      ],
      ["east :8181 (process 8)", "not ready", "3.2 s", "portcullis 0.1.0"],
      ["west-1", "current", "0a0b0c0d.7", "0", "0.2 s", "token west at 10.0.0.7", "portcullis 0.1.0"],
      ["The database does not say now which other processes decide on it."],
      [""],
    ])
  })

  it("says when there are more than are counted, and gives JSON as it came", async () => {
    const { url } = await fakeApi(() => fleet([current], true))
    expect((await run(["fleet", "--url", url, "--as", "a"])).out).toContain("more OPAs")
    const { out } = await run(["fleet", "--url", url, "--as", "a", "--output", "json"])
    expect(JSON.parse(out)).toEqual(fleet([current], true).body)
  })

  it("watches: prints again what has changed, and not what has only grown older", async () => {
    let stop = (): void => undefined
    const { url, calls } = await fakeApi((_, count) => {
      if (count === 3) return fleet([{ ...current, state: "behind", lag_revisions: 1 }])
      return fleet([{ ...current, seen_seconds_ago: count * 3.1 }])
    })
    const pauses: number[] = []
    const { code, out } = await run(["fleet", "--watch", "--url", url, "--as", "a"], {
      onStop: (end) => void (stop = end),
      pause: async (ms) => {
        pauses.push(ms)
        if (pauses.length === 4) stop()
      },
    })
    expect([code, calls.length, pauses]).toEqual([0, 4, [2_000, 2_000, 2_000, 2_000]])
    expect([...out.matchAll(/west-1 +(\w+)/g)].map(([, state]) => state)).toEqual(["current", "behind", "current"])
  })

  it("is for who may fetch bundles", async () => {
    const { url } = await fakeApi(() => ({ status: 403, body: { detail: "no", code: "permission_missing" } }))
    expect((await run(["fleet", "--url", url, "--as", "a"])).code).toBe(3)
  })
})
