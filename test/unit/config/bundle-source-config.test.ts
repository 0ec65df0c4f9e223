import { describe, expect, it } from "vitest"
import { configProblems, configured } from "../../fixtures/configured.js"

describe("bundle_source and policy", () => {
  it("have paths relative to the file, and defaults", () => {
    const { config } = configured(
      "bundle_source: { url: https://pdp/bundles/authz.tar.gz, persist_file: kept.tar.gz, verification_key_files: [key.pem] }",
    )
    expect(config.bundle_source).toMatchObject({
      poll_seconds: 30,
      long_poll_seconds: 30,
      persist_file: expect.stringMatching(/^\/.*\/kept\.tar\.gz$/),
    })
    expect(config.bundle_source.verification_key_files[0]).toMatch(/^\/.*\/key\.pem$/)
    expect(configured("policy: { path: policy, data: [a.json, b.yaml], entrypoints: [todo/allow] }").config.policy.data).toEqual([
      expect.stringMatching(/^\/.*\/a\.json$/),
      expect.stringMatching(/^\/.*\/b\.yaml$/),
    ])
  })

  it.each([
    ["bundle_source: { url: https://pdp/b, file: b.tar.gz }", "bundle_source.file"],
    ["bundle_source: { url: ftp://pdp/b }", "bundle_source.url"],
    ["bundle_source: { url: https://pdp/b, status_url: http://pdp/status }", "bundle_source.status_url"],
    ["decision_log: { http: { url: a b } }", "decision_log.http.url"],
    ["decision_log: { http: { url: http://logs.example } }", "portcullis.yaml:1: decision_log.http.url"],
    ["store: { url: http://other/bindings }", "store.url"],
    ["{ bundle_source: { file: b.tar.gz }, policy: { path: policy } }", "policy.path"],
    ["policy: { data: [a.json] }", "policy.data"],
    ["policy: { entrypoints: [a/b] }", "policy.entrypoints"],
    ["bundle_source: { file: b.tar.gz, persist_file: kept }", "bundle_source.persist_file"],
    ["bundle_source: { file: b.tar.gz, verification_scope: read }", "bundle_source.verification_scope"],
    ["bundle_source: { file: b.tar.gz, verification_key_files: [a, b], verification_key_id: a }", "bundle_source.verification_key_id"],
    ["bundle_source: { poll_seconds: 0 }", "bundle_source.poll_seconds"],
  ])("are refused when they contradict themselves: %s", (yaml, key) => {
    expect(configProblems(yaml)).toEqual([expect.stringContaining(`${key} `)])
  })
})
