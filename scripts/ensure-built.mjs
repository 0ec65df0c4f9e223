// Compiles src to dist when the sources are not those that dist was compiled from. `--force` compiles anyway,
// `--expect-current` fails instead of compiling. Plain Node.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { exclusively } from "./lock.mjs"
import { sayWhatFailed } from "./writable.mjs"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, "dist")
const stamp = join(dist, ".sources.sha256")
const bins = ["cli/portcullis.js"]

const isForced = process.argv.includes("--force")

if (current()) process.stderr.write("portcullis: dist is up to date\n")
else if (process.argv.includes("--expect-current")) {
  process.stderr.write("portcullis: dist is stale\n")
  process.exitCode = 1
} else await exclusively(root, "build", build).catch(sayWhatFailed)

function current() {
  return !isForced && existsSync(stamp) && readFileSync(stamp, "utf8") === sourcesHash()
}

function sourcesHash() {
  const hash = createHash("sha256")
  const sources = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const files = sources.map((entry) => join(entry.parentPath, entry.name)).sort()
  for (const file of [...files, join(root, "tsconfig.json"), join(root, "tsconfig.build.json"), join(root, "package-lock.json")]) {
    const content = readFileSync(file)
    hash.update(`${file.slice(root.length)}\n${content.length}\n`).update(content)
  }
  return hash.digest("hex")
}

/** Compiles beside the old output and swaps, so that a failure or a second reader never meets half of it. */
function build() {
  if (current()) return
  process.stderr.write("portcullis: compiling src to dist\n")
  const fresh = join(root, `dist-new-${process.pid}`)
  const old = join(root, `dist-old-${process.pid}`)
  const hash = sourcesHash()
  try {
    mkdirSync(fresh)
    const result = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json", "--outDir", fresh], {
      cwd: root,
      stdio: ["ignore", 2, 2],
    })
    if (result.status !== 0) {
      process.stderr.write("portcullis: the sources do not compile, see above\n")
      process.exitCode = 1
      return
    }
    for (const bin of bins) if (existsSync(join(fresh, bin))) chmodSync(join(fresh, bin), 0o755)
    writeFileSync(join(fresh, ".sources.sha256"), hash)
    if (existsSync(dist)) renameSync(dist, old)
    renameSync(fresh, dist)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
    rmSync(old, { recursive: true, force: true })
  }
}
