import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "../free-port.js"
import { startPolled, type ServerProcess } from "../server-process.js"

/**
 * `opa run --server` with the very bundle that the sidecar gives stock OPAs: same Rego, same index, same bindings.
 *
 * @param folder for the bundle
 */
export async function startOpa(opa: string, sidecarUrl: string, folder: string): Promise<ServerProcess> {
  const bundle = join(folder, "bundle.tar.gz")
  const response = await fetch(`${sidecarUrl}/bundles/authz.tar.gz`, { headers: { "X-NMP-Principal-Id": "service:opa" } })
  if (!response.ok) throw new Error(`the sidecar answers ${response.status} when asked for its bundle`)
  writeFileSync(bundle, Buffer.from(await response.arrayBuffer()))
  const address = `127.0.0.1:${await freePort()}`
  const url = `http://${address}`
  const args = ["run", "--server", "--addr", address, "--log-level", "error", "--skip-version-check", "--bundle", bundle]
  return startPolled(opa, args, url, async () => (await fetch(`${url}/health?bundles`)).ok)
}
