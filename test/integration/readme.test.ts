import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, it, onTestFinished } from "vitest"
import { authenticationOptionsOf, loadConfig } from "../../src/config/index.js"
import { quickstartCopy } from "../fixtures/quickstart.js"
import { root, start } from "../fixtures/sidecar.js"

const run = promisify(execFile)
const readme = readFileSync(join(root, "README.md"), "utf8")
const blocks = [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language = "", text = ""]) => ({ language, text }))
const inLanguage = (language: string): string[] => blocks.filter((block) => block.language === language).map(({ text }) => text)
/** Whoever pastes does so in a shell of his own, not in one that npm has started: `npx` would look where that one was told to. */
const ownShell = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")))

describe("the README", () => {
  const quickstartUrl = async (): Promise<string> => {
    const sidecar = start(["serve", "--config", join(quickstartCopy(), "portcullis.yaml"), "--listen", "127.0.0.1:0"])
    const [, url = ""] = await sidecar.printed("out", /listens on (http:\S+)/)
    return url
  }

  /** Pastes shell snippets of the page one after the other, as somebody would whose sidecar has another port. */
  const pasted = async (...snippets: readonly string[]): Promise<string> => {
    const url = await quickstartUrl()
    const script = snippets.join("\n").replaceAll("http://127.0.0.1:8181", url)
    return (await run("bash", ["-euc", script], { cwd: root, env: ownShell })).stdout
  }
  const shellSnippet = (part: string): string => inLanguage("sh").find((text) => text.includes(part)) ?? ""

  it("has snippets in known languages only, so that each is executed here", () => {
    expect([...new Set(blocks.map(({ language }) => language))].sort()).toEqual(["js", "mermaid", "sh", "yaml"])
  })

  it("shows curl lines that answer as it says", async () => {
    const stdout = await pasted(shellSnippet("why not?"))
    expect(stdout).toContain('{"result":{"allowed":true,')
    expect(stdout).toContain('"missing_permissions":["workspaces.delete"]')
  })

  it("leads a workspace through its life, and shows it on the command line", async () => {
    const lines = (await pasted(shellSnippet("as_ann"), shellSnippet("portcullis changes"))).split("\n")
    const json = lines.filter((line) => line.startsWith("{"))
    expect(json.map((line): unknown => JSON.parse(line))).toMatchObject([
      { name: "vision", propagated: true },
      { principal: "ben@example.com", roles: ["Viewer"], propagated: true },
      { result: { allowed: true } },
      { id: "ben@example.com", propagated: true },
      { result: { allowed: false } },
      { name: "first", entity_type: "project" },
      { detail: "Cannot delete workspace 'vision': workspace contains entities that must be deleted first: project (1)" },
    ])
    expect(lines.filter((line) => /^ben@example\.com +Editor +ann@example\.com/.test(line))).toHaveLength(2)
    expect(lines.filter((line) => / ann@example\.com +role_binding\.(?:granted|revoked) +vision +ben@example\.com/.test(line))).toHaveLength(3)
  })

  it("names npm scripts that exist", () => {
    const scripts: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts
    for (const [, name = ""] of readme.matchAll(/npm (?:run )?(start|test|bench)\b/g)) expect(scripts).toHaveProperty(name)
  })

  it.each(inLanguage("js").map((text, index) => [index, text] as const))(
    "has a program that runs in a project that uses the package (%i)",
    async (index, text) => {
      const project = mkdtempSync(join(tmpdir(), "portcullis-readme-"))
      try {
        mkdirSync(join(project, "node_modules"))
        symlinkSync(root, join(project, "node_modules/portcullis"))
        for (const host of ["hono", "@hono"]) symlinkSync(join(root, "node_modules", host), join(project, "node_modules", host))
        writeFileSync(join(project, `${index}.mjs`), text)
        const { stdout } = await run(process.execPath, [`${index}.mjs`], { cwd: project })
        expect(stdout).toMatch(/^true$/m)
      } finally {
        rmSync(project, { recursive: true })
      }
    },
  )

  it("holds no placeholder, and figures of the benchmark's page only", async () => {
    expect(readme).not.toMatch(/^[A-Z][A-Z_]{3,}$/m)
    await run(process.execPath, [join(root, "scripts/bench-readme.mjs"), "--check"])
  })

  it("links to files that are in the package", async () => {
    const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root })
    const [{ files }] = JSON.parse(stdout)
    const packed = new Set<string>(files.map(({ path }: { readonly path: string }) => path))
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = ""]) => path)
    expect(links.filter((path) => !packed.has(path))).toEqual([])
    expect([...packed].filter((path) => /\.db\b|^policies\/.*_test\.rego$/.test(path))).toEqual([])
  })

  it("shows a configuration for an identity provider that is valid", () => {
    const folder = mkdtempSync(join(tmpdir(), "portcullis-readme-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, "portcullis.yaml")
    writeFileSync(file, inLanguage("yaml").find((text) => text.includes("oidc:")) ?? "")
    const { config } = loadConfig({ file, workingFolder: folder })
    expect(authenticationOptionsOf(config).issuers).toMatchObject([{ issuer: "https://login.example.com/realms/acme", audience: "portcullis" }])
  })
})
