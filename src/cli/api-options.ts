import type { Command } from "commander"
import { quoted } from "./curl-line.js"
import type { Terminal } from "./terminal.js"

/** The sidecar that is asked, and who asks. */
export interface ApiTarget {
  /** Without a slash at the end. */
  readonly url: string
  /** As role bindings store it. */
  readonly principal: string
  /** The flags that named the two, to be repeated where a command is proposed. */
  readonly flags: readonly string[]
}

/** What the flags of {@link withApiOptions} parse to. */
export interface ApiOptions {
  readonly url?: string
  readonly as?: string
}

/** Adds the flags that say which sidecar is asked, and for whom. */
export function withApiOptions(command: Command): Command {
  return command
    .option("--url <url>", `a running sidecar (also PORTCULLIS_URL; default ${defaultUrl})`)
    .option("--as <principal>", "who asks: a person's id or e-mail, or service:<id> (also PORTCULLIS_PRINCIPAL)")
}

/** What flags and environment name. Anything else is wrong usage, and ends the command. */
export function apiTarget({ url, as }: ApiOptions, command: Command, { environment }: Terminal): ApiTarget {
  const base = url ?? (environment["PORTCULLIS_URL"] || defaultUrl)
  if (!isHttp(base)) return command.error(`error: '${base}' is not an http or https URL; write --url or PORTCULLIS_URL such as ${defaultUrl}`)
  const principal = as ?? environment["PORTCULLIS_PRINCIPAL"] ?? ""
  if (principal === "") return command.error("error: it is not said who asks; write --as <principal>, or set PORTCULLIS_PRINCIPAL")
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(principal))
    return command.error("error: --as takes printable ASCII characters only, which is what a header can carry")
  const flags = [...(url === undefined ? [] : ["--url", url]), ...(as === undefined ? [] : ["--as", as])]
  return { url: new URL(base).href.replace(/\/+$/, ""), principal, flags }
}

/** A command of ours, ready to be pasted. `<…>` stays as it is, to be filled in. */
export function proposed({ flags }: ApiTarget, ...args: readonly string[]): string {
  return ["portcullis", ...args, ...flags].map((word) => (plain.test(word) ? word : quoted(word))).join(" ")
}

const defaultUrl = "http://127.0.0.1:8181"
const plain = /^[\w@.:/=+,-]+$|^<[a-z ]+>$/

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}
