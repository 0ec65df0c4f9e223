// Puts the rows with a target, and others that matter, of the table in bench/README.md between the markers of README.md. `--check` fails when others stand there.
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { format, resolveConfig } from "prettier"
import { root } from "./policy-builds.mjs"

const rowsThatMatter = [
  /^authorize, 1 k bindings/,
  /^authorize, 1 M bindings$/,
  /^authorizeMany of 50, per decision, one caller/,
  /^authorize, decision cache on/,
  /^nested JS Map, no policy, 1 M/,
  /^@casl\/ability, .*1 M/,
  /^cedar-wasm, .*1 M/,
  /^casbin, 1 M/,
  /^sidecar, 1 M bindings, 16 connections: /,
  /^opa run --server, same bundle, 16 connections: /,
  /^sidecar, 1 M bindings, resident memory/,
  /^opa run --server, .*resident memory/,
  /^bearer token /,
  /^1 M bindings from memory, time beyond/,
  /^start of the sidecar until ready, 1 M/,
  /^write to the memory source until decided on/,
]
const markers = /(<!-- bench -->\n)[\s\S]*?(<!-- \/bench -->)/

const page = join(root, "README.md")
const before = readFileSync(page, "utf8")
const options = { ...(await resolveConfig(page)), filepath: page }
const after = await format(
  before.replace(markers, (_, start, end) => `${start}\n${excerpt()}\n\n${end}`),
  options,
)

if (!process.argv.includes("--check")) writeFileSync(page, after)
else if (before !== after) {
  process.stderr.write("the figures in README.md are not those of bench/README.md: run 'npm run bench:readme' and commit\n")
  process.exitCode = 1
}

function excerpt() {
  const lines = readFileSync(join(root, "bench/README.md"), "utf8").split("\n")
  const at = lines.findIndex((line) => /^\| Part +\| What/.test(line))
  const machine = lines.slice(0, at).findLast((line) => /^\d{4}-\d{2}-\d{2}, /.test(line))
  const table = lines.slice(
    at + 2,
    lines.findIndex((line, index) => index > at && !line.startsWith("|")),
  )
  const cells = table.map((line) => line.split("|").map((cell) => cell.trim()))
  const chosen = rowsThatMatter.map((pattern) => cells.find(([, , what = ""]) => pattern.test(what)))
  const missing = rowsThatMatter.filter((_, index) => !chosen[index])
  if (at < 0 || !machine || missing.length > 0)
    throw new Error(`bench/README.md has no row ${missing.join(", no row ")}; correct scripts/bench-readme.mjs`)
  // Every row with a target stands there, too: met or not.
  const shown = cells.filter((row) => chosen.includes(row) || row[5] !== "")
  const rows = shown.map(([, , ...row]) => `| ${row.slice(0, 5).join(" | ")} |`)
  return [machine, "", "| What | Figure | Ratio | Target | Met |", "| --- | --- | --- | --- | --- |", ...rows].join("\n")
}
