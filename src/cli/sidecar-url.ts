import type { Command } from "commander"
import { PdpError } from "../errors.js"
import { mayCarrySecrets } from "../model/loopback.js"
import type { Terminal } from "./terminal.js"

/** Adds `--url`. */
export function withUrlOption(command: Command): Command {
  return command.option("--url <url>", `a running sidecar (also PORTCULLIS_URL; default ${defaultUrl})`)
}

/** The sidecar that flag and environment name, without a slash at the end. Anything but a URL is wrong usage, and ends the command. */
export function sidecarUrl(url: string | undefined, command: Command, { environment }: Pick<Terminal, "environment">): string {
  const text = url ?? (environment["PORTCULLIS_URL"] || defaultUrl)
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  if (parsed && (parsed.username !== "" || parsed.password !== ""))
    return command.error("error: --url or PORTCULLIS_URL holds a name or a password; leave them out, and log in with 'portcullis auth login'")
  if (parsed?.protocol === "unix:")
    return command.error(
      "error: no command asks a UNIX domain socket; name a listener by http or https, or use 'curl --unix-socket <path> http://localhost/…'",
    )
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    return command.error(`error: '${text}' is not an http or https URL; write --url or PORTCULLIS_URL such as ${defaultUrl}`)
  return `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, "")
}

/** The flag again, to be repeated where a command is proposed. */
export function urlFlag(url: string | undefined): readonly string[] {
  return url === undefined ? [] : ["--url", url]
}

/**
 * Makes sure that whoever listens on the network cannot read what is sent there. To a socket nothing is sent.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` for plain HTTP to another machine
 */
export function assertMayCarrySecrets(url: string): void {
  if (url.startsWith("unix:") || mayCarrySecrets(url)) return
  throw new PdpError(
    "ERR_CONFIG_INVALID",
    `${url} is plain HTTP to another machine, where a token could be read on its way; name the sidecar by https, or reach it through a tunnel to localhost`,
  )
}

const defaultUrl = "http://127.0.0.1:8181"
