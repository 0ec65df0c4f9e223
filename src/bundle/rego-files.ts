import { readdir, readFile } from "node:fs/promises"
import { PdpError } from "../errors.js"
import type { BundleFile } from "./data-files.js"

/**
 * The Rego of one profile for an OPA that holds all bindings: its rules, and the seam `bindings/opa.rego`. Tests stay out.
 *
 * @throws {PdpError} `ERR_POLICY_INVALID` when the package's policies cannot be read
 */
export async function regoFiles(profile: "hardened" | "nemo", directory = policies): Promise<readonly BundleFile[]> {
  try {
    const folder = profile === "hardened" ? "authz" : "nemo"
    const names = (await readdir(new URL(`${folder}/`, directory))).filter((name) => name.endsWith(".rego") && !name.endsWith("_test.rego"))
    const paths = [...names.sort().map((name) => `${folder}/${name}`), "bindings/opa.rego"]
    return await Promise.all(paths.map(async (name) => ({ name, body: await readFile(new URL(name, directory)) })))
  } catch (cause) {
    throw new PdpError("ERR_POLICY_INVALID", `the Rego of profile '${profile}' is not at ${directory.href}; reinstall the package`, { cause })
  }
}

const policies = new URL("../../policies/", import.meta.url)
