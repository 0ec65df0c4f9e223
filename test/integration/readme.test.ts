import { execFile } from "node:child_process"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { quickstartCopy } from "../fixtures/quickstart.js"
import { root, start } from "../fixtures/sidecar.js"

const run = promisify(execFile)
const readme = readFileSync(join(root, "README.md"), "utf8")
const blocks = [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language = "", text = ""]) => ({ language, text }))
const inLanguage = (language: string): string[] => blocks.filter((block) => block.language === language).map(({ text }) => text)

describe("the README", () => {
  const quickstartUrl = async (): Promise<string> => {
    const sidecar = start(["serve", "--config", join(quickstartCopy(), "portcullis.yaml"), "--listen", "127.0.0.1:0"])
    const [, url = ""] = await sidecar.printed("out", /listens on (http:\S+)/)
    return url
  }

  it("has snippets in known languages only, so that each is executed here", () => {
    expect([...new Set(blocks.map(({ language }) => language))].sort()).toEqual(["js", "mermaid", "sh", "yaml"])
  })

  it("shows curl lines that answer as it says", async () => {
    const [commands = ""] = inLanguage("sh").filter((text) => text.includes("curl"))
    const url = await quickstartUrl()
    const { stdout } = await run("bash", ["-euc", commands.replaceAll("http://127.0.0.1:8181", url)], { cwd: root })
    expect(stdout).toContain('{"result":{"allowed":true,')
    expect(stdout).toContain('"missing_permissions":["workspaces.delete"]')
  })

  it("names npm scripts that exist", () => {
    const scripts: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts
    for (const [, name = ""] of readme.matchAll(/npm (?:run )?(start|test|bench)\b/g)) expect(scripts).toHaveProperty(name)
  })

  it.each(inLanguage("js").map((text, index) => [index, text] as const))("has a program that runs (%i)", async (index, text) => {
    const file = join(root, `.readme-${index}-${process.pid}.mjs`)
    writeFileSync(file, text)
    try {
      const { stdout } = await run(process.execPath, [file], { cwd: root })
      expect(stdout).toMatch(/^true$/m)
    } finally {
      rmSync(file)
    }
  })

  it("shows an OPA configuration that names our bundle", async () => {
    const [text = ""] = inLanguage("yaml")
    const { resource } = parse(text).bundles.authz
    expect((await fetch(`${await quickstartUrl()}/${resource}`)).headers.get("content-type")).toBe("application/gzip")
  })
})
