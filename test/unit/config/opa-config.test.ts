import { describe, expect, it } from "vitest"
import { shownConfiguration } from "../../../src/config/index.js"
import { configProblems, configured } from "../../fixtures/configured.js"

describe("opa", () => {
  it("serves reads only, without names, unless it says otherwise", () => {
    expect(configured("{}").config.opa).toEqual({ data_writes: false, authorization: false, labels: {} })
    const own =
      "{ policy: { path: policy.wasm }, opa: { data_writes: true, authorization: true, default_decision: todo/allow, labels: { region: west } } }"
    expect(configured(own).config.opa).toEqual({
      data_writes: true,
      authorization: true,
      default_decision: "todo/allow",
      labels: { region: "west" },
    })
  })

  it.each([
    ["opa: { data_writes: true }", "opa.data_writes", "policy.path"],
    ["{ bundle_source: { file: b.tar.gz }, opa: { data_writes: true } }", "opa.data_writes", "policy.path"],
    ["opa: { authorization: true }", "opa.authorization", "policy.path"],
    ["decision_log: { policy_mask: true }", "decision_log.policy_mask", "policy.path"],
    ["decision_log: { policy_drop: true }", "decision_log.policy_drop", "policy.path"],
    ["opa: { default_decision: todo/allow }", "opa.default_decision", "authz/allow"],
    ["opa: { labels: { id: me } }", "opa.labels.id", "name"],
    ["opa: { labels: { version: '2' } }", "opa.labels.version", "name"],
    ["opa: { labels: { region: 1 } }", "opa.labels.region", "string"],
    ["opa: { labels: [west] }", "opa.labels", "texts by name"],
    ["decision_log: { labels: { region: west } }", "decision_log.labels", "reference"],
  ])("is refused, by key and with what to do: %s", (yaml, key, remedy) => {
    expect(configProblems(yaml)).toEqual([expect.stringMatching(new RegExp(`${key.replaceAll(".", "\\.")}\\b.*${remedy.replaceAll(".", "\\.")}`))])
  })

  it.each([
    "{ bundle_source: { file: b.tar.gz }, opa: { authorization: true, default_decision: todo/allow }, decision_log: { policy_mask: true } }",
    "opa: { default_decision: /authz/allow/allowed }",
  ])("may be meant: %s", (yaml) => {
    expect(configProblems(yaml)).toEqual([])
  })

  it.each([
    ["region=west, stage = a=b", { region: "west", stage: "a=b" }],
    ['{"region": "west"}', { region: "west" }],
    ["name=", { name: "" }],
  ])("takes labels from a variable: %s", (text, labels) => {
    expect(configured("{}", { environment: { PORTCULLIS_OPA__LABELS: text } }).config.opa.labels).toEqual(labels)
  })

  it.each(["west", "=west", "a=1,a=2", '{"a": 1}', '{"a"', '{"a": "1", "a": "2"}'])("takes none from %s", (text) => {
    expect(configProblems("{}", { environment: { PORTCULLIS_OPA__LABELS: text } })).toEqual([
      expect.stringMatching(/^env PORTCULLIS_OPA__LABELS: opa\.labels/),
    ])
  })
})

describe("a configuration that is shown", () => {
  it("has all of its features, and none of its secrets", () => {
    const { values } = configured(`
store: { source: postgres, url: "postgres://me:s3cret@db/roles" }
bundle: { tokens: [{ name: west, token: s3cret-and-long-enough }] }
opa: { labels: { region: west } }
decision_log: { http: { url: "https://me:s3cret@logs.example/in?key=s3cret" }, drop: [{ path: "/health*" }] }
`)
    const shown = shownConfiguration(values)
    expect(shown).toMatchObject({
      profile: "hardened",
      store: { source: "postgres", url: "(hidden)" },
      bundle: { tokens: "(hidden)", binding_bundles: 16 },
      opa: { labels: { region: "west" } },
      decision_log: { http: { url: "https://(hidden)@logs.example/in?(hidden)" }, drop: [{ path: "/health*" }] },
    })
    expect(JSON.stringify(shown)).not.toContain("s3cret")
    expect(shown).not.toHaveProperty("max_staleness_seconds")
  })
})
