import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it, onTestFinished } from "vitest"
import { z } from "zod"
import { root } from "../fixtures/sidecar.js"

const Report = z.object({
  rows: z.array(z.object({ part: z.string(), what: z.string(), value: z.number().optional(), target: z.object({ name: z.string() }).optional() })),
})

it("measures bundles, however little, down to the last row", async () => {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-bench-test-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, "report.json")
  await promisify(execFile)(process.execPath, ["scripts/bench.mjs", "--only", "bundles", "--quick", "--json", file], { cwd: root })
  const { rows } = Report.parse(JSON.parse(readFileSync(file, "utf8")))
  expect(rows.filter(({ part, value }) => part !== "bundles" || value === undefined)).toEqual([])
  expect(rows.filter(({ target }) => target?.name === "P12")).toHaveLength(3)
  expect(rows.at(-1)?.what).toMatch(/^200 connections wait /)
})
