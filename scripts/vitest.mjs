import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { root } from "./policy-builds.mjs"

/**
 * Runs projects of vitest.config.ts in this terminal.
 *
 * @param {readonly string[]} projects
 * @param {readonly string[]} args of vitest
 * @param {Readonly<Record<string, string>>} env added to this process' own
 * @returns {number} the exit code
 */
export function runVitest(projects, args = [], env = {}) {
  const command = [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--passWithNoTests",
    ...projects.flatMap((name) => ["--project", name]),
    ...args,
  ]
  return spawnSync(process.execPath, command, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } }).status ?? 1
}
