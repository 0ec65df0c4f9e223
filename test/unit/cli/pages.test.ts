import { readdirSync, readFileSync } from "node:fs"
import { expect, it } from "vitest"

const pages = ["README.md", ...readdirSync("docs").map((name) => `docs/${name}`)].filter((name) => name.endsWith(".md"))

it.each(pages)("%s shows no command that is in nobody's PATH after a clone or an install", (page) => {
  const blocks = [...readFileSync(page, "utf8").matchAll(/```(?:sh)?\n([\s\S]*?)```/g)].map(([, text = ""]) => text)
  const bare = blocks.flatMap((text) => text.split("\n")).filter((line) => /^(?:\$ )?portcullis [a-z]|\$\(portcullis /.test(line))
  expect(bare).toEqual([])
})
