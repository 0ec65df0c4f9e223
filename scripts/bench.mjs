// Compiles src and bench to a folder of its own and runs bench/main.ts there, so that two can run at a time. Arguments go to the benchmark (`--json FILE`, …).
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { root } from "./policy-builds.mjs"

const output = mkdtempSync(join(root, "dist-bench-"))
// What interrupts this process interrupts the one that it waits for; that one's end is waited for, and cleaned up after.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined)
try {
  const compiled = run([join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.bench.json", "--outDir", output])
  if (compiled === 0) for (const shared of ["package.json", "policies", "examples"]) symlinkSync(join(root, shared), join(output, shared))
  process.exitCode = compiled || run(["--expose-gc", join(output, "bench/main.js"), ...process.argv.slice(2)])
} finally {
  rmSync(output, { recursive: true, force: true })
}

function run(args) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1
}
