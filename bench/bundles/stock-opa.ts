import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import type { RoleBinding } from "../../src/index.js"
import { freePort } from "../free-port.js"
import { questionAbout } from "../newcomer.js"
import { startPolled, type ServerProcess } from "../server-process.js"

/** An OPA that takes bundles from a publisher, polling long. */
export interface StockOpa extends ServerProcess {
  /** Does it allow what the binding is about? Undefined: it has no answer. */
  allows(binding: RoleBinding): Promise<boolean | undefined>
}

/** What an OPA takes, and from where. */
export interface StockOpaOptions {
  readonly opa: string
  readonly publisherUrl: string
  readonly bundles: readonly string[]
  /** Whose signature they must have. */
  readonly key?: { readonly keyId: string; readonly publicKeyPem: string }
  /** For its configuration. */
  readonly folder: string
}

/** Starts it; resolves once all its bundles are active. */
export async function startStockOpa({ opa, publisherUrl, bundles, key, folder }: StockOpaOptions): Promise<StockOpa> {
  const polling = { long_polling_timeout_seconds: 30, min_delay_seconds: 1, max_delay_seconds: 1 }
  const verified = key && { signing: { keyid: key.keyId } }
  const configured = (name: string) => ({ service: "publisher", resource: `bundles/${name}.tar.gz`, polling, ...verified })
  const config = {
    services: { publisher: { url: publisherUrl, headers: { "X-NMP-Principal-Id": "service:opa" } } },
    bundles: Object.fromEntries(bundles.map((name) => [name, configured(name)])),
    ...(key && { keys: { [key.keyId]: { algorithm: "ES256", key: key.publicKeyPem } } }),
  }
  const file = join(folder, "opa.json")
  writeFileSync(file, JSON.stringify(config))
  const address = `127.0.0.1:${await freePort()}`
  const url = `http://${address}`
  const args = ["run", "--server", "--addr", address, "--config-file", file, "--log-level", "error", "--skip-version-check"]
  // It complains of every poll that it gives up when it stops.
  const server = await startPolled(opa, args, url, async () => (await fetch(`${url}/health?bundles`)).ok, "ignore")
  return { ...server, allows: (binding) => allows(url, binding) }
}

const Answer = z.object({ result: z.object({ allowed: z.boolean() }).optional() })

async function allows(url: string, binding: RoleBinding): Promise<boolean | undefined> {
  const { principal, method, path } = questionAbout(binding)
  const body = JSON.stringify({ input: { principal_id: principal.id, method, path } })
  const response = await fetch(`${url}/v1/data/authz/allow`, { method: "POST", body })
  return Answer.parse(await response.json()).result?.allowed
}
