import { mayCarrySecrets } from "../model/loopback.js"
import { parsedJson } from "../model/parsed-json.js"
import { answerText, tlsProblem } from "../outgoing/index.js"
import { causeOf } from "./finding.js"

/** What a sidecar answered. */
export interface SidecarAnswer {
  readonly status: number
  /** Undefined when it is no JSON. */
  readonly body: unknown
  /** Its clock, in milliseconds since the epoch; undefined when it does not tell. */
  readonly date: number | undefined
}

/** What a sidecar answered, or why it did not. */
export type SidecarReply = SidecarAnswer | { readonly lost: string; readonly remedy?: string }

/** A sidecar that may run. */
export interface Sidecar {
  /** Without a slash at the end; `unix:` and a path, which cannot be asked. */
  readonly url: string
  /** @param body sent as JSON, by POST */
  ask(path: string, headers?: Readonly<Record<string, string>>, body?: unknown): Promise<SidecarReply>
}

/** Asks by HTTP. */
export function sidecarAt(url: string): Sidecar {
  return {
    url,
    async ask(path, headers = {}, body) {
      if (url.startsWith("unix:")) return { lost: "it listens on a UNIX domain socket, which no command asks" }
      const posted =
        body === undefined ? { headers } : { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } }
      try {
        const response = await fetch(`${url}${path}`, { ...posted, redirect: "error", signal: AbortSignal.timeout(timeoutMs) })
        const date = Date.parse(response.headers.get("Date") ?? "")
        return { status: response.status, body: parsedJson(await answerText(response)), date: Number.isNaN(date) ? undefined : date }
      } catch (thrown) {
        const tls = tlsProblem(url, thrown)
        return tls ? { lost: tls.problem, remedy: tls.remedy } : { lost: causeOf(thrown) }
      }
    },
  }
}

/** Nobody on the network can read what is sent there. */
export function isPrivate({ url }: Sidecar): boolean {
  return mayCarrySecrets(url)
}

/** A sidecar may have to ask the identity provider first. */
const timeoutMs = 15_000
