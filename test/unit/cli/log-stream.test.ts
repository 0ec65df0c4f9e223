import { pino } from "pino"
import { expect, it } from "vitest"
import { textLog } from "../../../src/cli/log-stream.js"

it("a text log writes level, message and fields on one line", () => {
  let lines = ""
  const logger = pino(
    { level: "trace" },
    textLog((line) => (lines += line)),
  )
  logger.warn({ source: "file a.yaml", attempt: 2, list: [1] }, "refresh failed")
  expect(lines).toMatch(/^\d\d:\d\d:\d\d WARN refresh failed source=file a\.yaml attempt=2 list=\[1\]\n$/)
})
