// Writes docs/configuration.md from the schema. `--check` fails when the committed page is another.
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./policy-builds.mjs"

const page = join(root, "docs/configuration.md")
execFileSync(process.execPath, [join(root, "scripts/ensure-built.mjs")], { stdio: ["ignore", 2, 2] })
const reference = execFileSync(process.execPath, [join(root, "dist/cli/portcullis.js"), "config", "reference"], { encoding: "utf8" })

if (!process.argv.includes("--check")) writeFileSync(page, reference)
else if (!existsSync(page) || readFileSync(page, "utf8") !== reference) {
  process.stderr.write("docs/configuration.md is stale: run 'npm run docs' and commit\n")
  process.exitCode = 1
}
