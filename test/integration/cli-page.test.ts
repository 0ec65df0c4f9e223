import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { exitCodes } from "../../src/cli/exit-code.js"
import { filesBelow } from "../architecture/sources.js"
import { run } from "../fixtures/terminal.js"

const page = readFileSync("docs/cli.md", "utf8")

describe("docs/cli.md", () => {
  it("lists the exit codes", () => {
    const rows = [...page.matchAll(/^\| (\d+) +\| `(\w+)`/gm)].map(([, code = "", name = ""]) => [name, Number(code)] as const)
    expect(Object.fromEntries(rows)).toEqual(exitCodes)
  })

  it.each([[], ["auth"], ["workspaces"], ["workspaces", "members"], ["data"]])("names the commands of 'portcullis %s'", async (...group) => {
    const { out } = await run([...group, "--help"])
    const [, commands = ""] = out.split("Commands:")
    const names = [...commands.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name = ""]) => name).filter((name) => name !== "help")
    const row =
      group.length === 0
        ? page
        : (page
            .split("\n")
            .filter((line) => line.includes(`portcullis ${group.join(" ")} `))
            .join() ?? "")
    expect(names.length).toBeGreaterThan(2)
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(row))).toEqual([])
  })

  it("lists the environment variables that commands read", () => {
    const texts = filesBelow("src/cli").map((path) => readFileSync(path, "utf8"))
    const read = texts.flatMap((text) =>
      [...text.matchAll(/environment\[?\.?"?(PORTCULLIS_[A-Z_]+|NO_COLOR|XDG_[A-Z_]+)/g)].map(([, name = ""]) => name),
    )
    for (const name of new Set([...read, "PORTCULLIS_CONFIG", "PORTCULLIS_URL", "PORTCULLIS_PRINCIPAL", "PORTCULLIS_TOKEN", "NO_COLOR"]))
      expect(page).toContain(`\`${name}\``)
  })
})
