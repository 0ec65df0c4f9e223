import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, it, onTestFinished } from "vitest"
import { root } from "../fixtures/sidecar.js"

const run = promisify(execFile)
const page = readFileSync(join(root, "docs/middleware.md"), "utf8")
const programs = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, text = ""]) => [/portcullis\/(\w+)/.exec(text)?.[1] ?? "", text] as const)

describe("the page about middlewares", () => {
  it("has a program for each framework", () => {
    expect(programs.map(([framework]) => framework)).toEqual(["express", "fastify", "hono"])
  })

  it.each(programs)("has a program for %s that runs in a project that uses the package", async (framework, text) => {
    const project = mkdtempSync(join(tmpdir(), `portcullis-${framework}-`))
    onTestFinished(() => rmSync(project, { recursive: true }))
    for (const name of ["portcullis", "express", "fastify", "hono", "@hono/node-server"]) {
      mkdirSync(dirname(join(project, "node_modules", name)), { recursive: true })
      symlinkSync(name === "portcullis" ? root : join(root, "node_modules", name), join(project, "node_modules", name))
    }
    writeFileSync(join(project, "program.mjs"), text)
    const { stdout } = await run(process.execPath, ["program.mjs"], { cwd: project, timeout: 30_000 })
    expect(stdout).toMatch(/^true$/m)
  })

  it("names every option, and no other", async () => {
    const source = readFileSync(join(root, "src/middleware/options.ts"), "utf8")
    const known = [...source.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name)
    const named = [...page.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name)
    expect([...new Set(named)].sort()).toEqual([...new Set(known)].sort())
  })
})
