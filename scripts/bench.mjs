// Compiles src and bench to dist-bench and runs bench/main.ts there. Arguments go to the benchmark (`--json FILE`, …).
import { spawnSync } from "node:child_process"
import { existsSync, rmSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { root } from "./policy-builds.mjs"

const output = join(root, "dist-bench")
rmSync(output, { recursive: true, force: true })
const compiled = run([join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.bench.json"])
if (compiled === 0) for (const shared of ["package.json", "policies", "examples"]) symlinkSync(join(root, shared), join(output, shared))
process.exitCode = compiled || run(["--expose-gc", join(output, "bench", entry()), ...process.argv.slice(2)])

function entry() {
  return ["main.js", "bench.js", "index.js"].find((name) => existsSync(join(output, "bench", name))) ?? "main.js"
}

function run(args) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1
}
