import { isLoopback } from "../model/loopback.js"
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
export type SidecarReply = SidecarAnswer | { readonly lost: string }

/** A sidecar that may run. */
export interface Sidecar {
  /** Without a slash at the end. */
  readonly url: string
  /** @param body sent as JSON, by POST */
  ask(path: string, headers?: Readonly<Record<string, string>>, body?: unknown): Promise<SidecarReply>
}

/** Asks by HTTP. */
export function sidecarAt(url: string): Sidecar {
  return {
    url,
    async ask(path, headers = {}, body) {
      const posted =
        body === undefined ? { headers } : { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } }
      try {
        const response = await fetch(`${url}${path}`, { ...posted, redirect: "error", signal: AbortSignal.timeout(timeoutMs) })
        const date = Date.parse(response.headers.get("Date") ?? "")
        return { status: response.status, body: parsed(await response.text()), date: Number.isNaN(date) ? undefined : date }
      } catch (thrown) {
        return { lost: causeOf(thrown) }
      }
    },
  }
}

/** Nobody on the network can read what is sent there. */
export function isPrivate({ url }: Sidecar): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === "https:" || isLoopback(hostname)
}

/** A sidecar may have to ask the identity provider first. */
const timeoutMs = 15_000

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
