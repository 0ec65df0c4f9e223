import type { Command } from "commander"
import { addBundleBuild } from "./bundle-build.js"
import { addBundleInspect } from "./bundle-inspect.js"
import { addBundleKeygen } from "./bundle-keygen.js"
import { addBundleOpaConfig } from "./bundle-opa-config.js"
import { addBundleVerify } from "./bundle-verify.js"
import type { Terminal } from "./terminal.js"

/** `portcullis bundle`. */
export function addBundle(program: Command, terminal: Terminal): void {
  const bundle = program.command("bundle").description("Build, look into, sign and verify bundles for OPAs")
  addBundleBuild(bundle, terminal)
  addBundleInspect(bundle, terminal)
  addBundleVerify(bundle, terminal)
  addBundleKeygen(bundle, terminal)
  addBundleOpaConfig(bundle, terminal)
}
