import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { readOnlyFolder } from "../fixtures/read-only-folder.js"
import { root } from "../fixtures/sidecar.js"

function node(...args: readonly string[]): { readonly status: number | null; readonly stderr: string; readonly stdout: string } {
  return spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" })
}

describe("a Node without WebAssembly", () => {
  const line = /^portcullis: this Node runs without WebAssembly, [^\n]* leave out --jitless[^\n]*\n$/m

  it.each([["scripts/ensure-installed.mjs"], ["dist/cli/portcullis.js", "version"]])("is told so in one line by %s", (...args) => {
    const { status, stderr } = node("--jitless", ...args)
    expect(stderr).toMatch(line)
    expect(stderr).not.toContain("    at ")
    expect(status).toBe(1)
  })

  it("is told so by createPdp", () => {
    const program = 'import("portcullis").then(({ createPdp }) => createPdp({})).catch(({ code, message }) => console.log(code, message))'
    expect(node("--jitless", "-e", program).stdout).toMatch(/^ERR_CONFIG_INVALID this Node runs without WebAssembly/)
  })
})

describe("a clone that cannot be written in", () => {
  it("is told so in one line", ({ skip }) => {
    const folder = readOnlyFolder()
    if (folder === undefined) return skip()
    const [lock, writable] = ["lock", "writable"].map((name) => JSON.stringify(join(root, `scripts/${name}.mjs`)))
    const program = `import { exclusively } from ${lock}; import { sayWhatFailed } from ${writable}
      await exclusively(${JSON.stringify(folder)}, "build", () => {}).catch(sayWhatFailed)`
    const { status, stderr } = node("--input-type=module", "-e", program)
    expect(stderr).toMatch(new RegExp(`^portcullis: cannot write in ${folder}: [^\\n]+\\n$`))
    expect(status).toBe(1)
  })
})
