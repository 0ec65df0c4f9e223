import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { parseAllDocuments } from "yaml"
import { z } from "zod"
import { loadConfig } from "../../src/config/index.js"
import { createPdp, fileSource } from "../../src/index.js"
import { manifestFlaws } from "../fixtures/kubernetes-schemas.js"
import { root } from "../fixtures/sidecar.js"

const files = ["portcullis.yaml", "envoy-gateway.yaml", "envoy-gateway-http.yaml"]

const Named = z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) })
const manifestsIn = (file: string) =>
  parseAllDocuments(readFileSync(join(root, "examples/gateways/kubernetes", file), "utf8")).map((document) => Named.parse(document.toJS()))
const manifest = (file: string, kind: string, name: string) => {
  const found = manifestsIn(file).find((one) => one.kind === kind && one.metadata.name === name)
  if (!found) throw new Error(`${file} has no ${kind} ${name}`)
  return found
}

describe("the manifests for Kubernetes", () => {
  it.each(files.flatMap((file) => manifestsIn(file).map((one) => [file, one.kind, one.metadata.name, one] as const)))(
    "%s: %s %s is valid by its schema",
    (_file, _kind, _name, one) => {
      expect(manifestFlaws(one)).toEqual([])
    },
  )

  it.each<readonly [string, readonly string[], unknown]>([
    ["Deployment", ["spec", "replica"], 2],
    ["Deployment", ["spec", "replicas"], "2"],
    ["Deployment", ["spec", "template", "spec", "containers", "0", "imagePullPolice"], "Always"],
    ["Service", ["spec", "ports", "0", "port"], "http"],
    ["ConfigMap", ["data", "bindings.yaml"], { version: 1 }],
    ["NetworkPolicy", ["spec", "ingress", "0", "form"], []],
    ["GatewayClass", ["spec", "controllerName"], undefined],
    ["HTTPRoute", ["spec", "rules", "0", "matches", "0", "path", "type"], "Prefix"],
    ["ClientTrafficPolicy", ["spec", "headers", "earlyRequestHeaders", "removeOnMatch", "0", "type"], "Beginning"],
    ["SecurityPolicy", ["spec", "extAuth", "failClosed"], true],
    ["SecurityPolicy", ["spec", "extAuth", "failOpen"], "false"],
    ["SecurityPolicy", ["spec", "extAuth", "grpc", "backendRefs", "0", "port"], "grpc"],
  ])("would not pass with a mistake: %s, %s", (kind, path, value) => {
    const found = ["portcullis.yaml", "envoy-gateway.yaml"].flatMap(manifestsIn).find((one) => one.kind === kind)
    expect(manifestFlaws(changed(found, path, value))).not.toEqual([])
  })

  it("close the whole gateway, and let pass on no answer", () => {
    for (const file of ["envoy-gateway.yaml", "envoy-gateway-http.yaml"])
      expect(manifest(file, "SecurityPolicy", "portcullis")).toMatchObject({
        spec: { targetRefs: [{ kind: "Gateway", name: "gateway" }], extAuth: { failOpen: false, timeout: "1s" } },
      })
  })

  it("hold a configuration with which the sidecar starts, and data with which it decides", async () => {
    const folder = mkdtempSync(join(tmpdir(), "portcullis-manifests-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const { data } = z.looseObject({ data: z.record(z.string(), z.string()) }).parse(manifest("portcullis.yaml", "ConfigMap", "portcullis"))
    for (const [name, text] of Object.entries(data)) writeFileSync(join(folder, name), text)

    const { config } = loadConfig({ file: join(folder, "portcullis.yaml"), workingFolder: folder })
    expect(config.server.listen).toBe("0.0.0.0:8181")
    const pdp = await createPdp({
      authorizationData: join(folder, "authorization.yaml"),
      source: fileSource({ path: join(folder, "bindings.yaml") }),
    })
    onTestFinished(() => pdp.close())
    const ask = (id: string) => pdp.authorize({ principal: { id }, method: "POST", path: "/apis/models/v2/workspaces/ml-team/models" }).allowed
    expect([ask("ann@example.com"), ask("ben@example.com")]).toEqual([true, false])
  })
})

/** A copy with one value in the place of another. */
function changed(value: unknown, [name, ...rest]: readonly string[], replacement: unknown): unknown {
  if (name === undefined) return replacement
  const old = Array.isArray(value) ? value : z.looseObject({}).parse(value)
  const inner = changed(Reflect.get(old, name), rest, replacement)
  return Array.isArray(old) ? old.with(Number(name), inner) : { ...old, [name]: inner }
}
