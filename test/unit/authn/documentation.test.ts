import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { authenticationReasons } from "../../../src/authn/index.js"
import { httpStatusByCode } from "../../../src/errors.js"

const page = readFileSync(new URL("../../../docs/authentication.md", import.meta.url), "utf8")

it("lists every cause with its status, what is wrong and what to do, and no other", () => {
  const [, table = ""] = /<!-- causes -->([^]*?)<!-- \/causes -->/.exec(page) ?? []
  const rows = table.split("\n").filter((line) => line.startsWith("| `"))
  const listed = rows.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  const known = Object.entries(authenticationReasons).map(([reason, { code, meaning, remedy }]) => [
    `\`${reason}\``,
    String(httpStatusByCode[code]),
    meaning,
    remedy,
  ])
  expect(listed).toEqual(known)
})
