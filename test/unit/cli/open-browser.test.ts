import { expect, it } from "vitest"
import { canShowPages, openBrowser } from "../../../src/cli/open-browser.js"

it.each(["file:///etc/passwd", "javascript:alert(1)", "--version", "calc.exe", ""])("opens no '%s'", async (url) => {
  await expect(openBrowser(url)).rejects.toMatchObject({ code: "ERR_INPUT_INVALID" })
})

it.each([
  [true, true, "linux", { DISPLAY: ":0" }],
  [true, true, "linux", { WSL_DISTRO_NAME: "Ubuntu" }],
  [true, true, "darwin", {}],
  [true, true, "win32", {}],
  [false, true, "linux", {}],
  [false, true, "darwin", { SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22" }],
  [false, false, "linux", { DISPLAY: ":0" }],
] as const)("shows pages: %s, with a terminal: %s, on %s with %j", (expected, showsProgress, platform, environment) => {
  expect(canShowPages({ showsProgress, environment }, platform)).toBe(expected)
})
