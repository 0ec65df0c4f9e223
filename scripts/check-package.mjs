// Packs the package and looks at it as its users will: publint and attw.
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "./policy-builds.mjs"

const folder = mkdtempSync(join(tmpdir(), "portcullis-pack-"))
try {
  const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", 2],
  })
  const tarball = join(folder, packed.trim().split("\n").at(-1) ?? "")
  const failed = [
    ["publint", ["run", tarball, "--strict"]],
    ["attw", [tarball, "--profile", "esm-only", "--no-emoji"]],
  ].filter(([name, args]) => spawnSync(join(root, "node_modules/.bin", name), args, { cwd: root, stdio: "inherit" }).status !== 0)
  process.exitCode = failed.length > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}
