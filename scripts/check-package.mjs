// Packs the package and looks at it as its users will: publint, attw, and a project that has installed it and runs the programs of its README.
import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
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
  const programs = programsThatFail(projectWith(tarball))
  for (const { index, output } of programs)
    process.stderr.write(`the program ${index} of the README fails where the package is installed:\n${output}\n`)
  process.exitCode = failed.length + programs.length > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** A project in which the tarball is installed as npm does it, without a registry: unpacked, beside the dependencies that it declares and no others. */
function projectWith(tarball) {
  const modules = join(folder, "project/node_modules")
  mkdirSync(modules, { recursive: true })
  execFileSync("tar", ["-xzf", tarball, "-C", folder])
  renameSync(join(folder, "package"), join(modules, "portcullis"))
  const { dependencies } = JSON.parse(readFileSync(join(modules, "portcullis/package.json"), "utf8"))
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, "node_modules", name), join(modules, name))
  }
  return dirname(modules)
}

function programsThatFail(project) {
  const readme = readFileSync(join(project, "node_modules/portcullis/README.md"), "utf8")
  const programs = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, text], index) => ({ index, text }))
  const failed = programs.flatMap(({ index, text }) => {
    writeFileSync(join(project, `${index}.mjs`), text)
    const { status, stdout, stderr } = spawnSync(process.execPath, [`${index}.mjs`], { cwd: project, encoding: "utf8" })
    return status === 0 && /^true$/m.test(stdout) ? [] : [{ index, output: stdout + stderr }]
  })
  process.stdout.write(`README: ${programs.length - failed.length} of ${programs.length} programs run where the package is installed\n`)
  return failed
}
