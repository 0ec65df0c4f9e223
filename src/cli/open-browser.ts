import { PdpError } from "../errors.js"
import type { Terminal } from "./terminal.js"

/**
 * Opens a page in the browser of whoever sits here.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID` for anything but an http or https URL: a provider's answer must not start other programs
 */
export async function openBrowser(url: string): Promise<void> {
  const page = URL.canParse(url) ? new URL(url) : undefined
  if (page?.protocol !== "https:" && page?.protocol !== "http:")
    throw new PdpError("ERR_INPUT_INVALID", "this is not an http or https URL; it is not opened")
  const { default: open } = await import("open")
  await open(page.href)
}

/** Whether somebody sits there who would see it: a terminal, and on Linux a screen, too. @param platform as Node names it */
export function canShowPages({ showsProgress, environment }: Pick<Terminal, "showsProgress" | "environment">, platform: NodeJS.Platform): boolean {
  if (!showsProgress) return false
  if (platform === "win32" || platform === "darwin") return !environment["SSH_CONNECTION"]
  return ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"].some((name) => Boolean(environment[name]))
}
