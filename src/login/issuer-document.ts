import { z } from "zod"
import { PdpError } from "../errors.js"
import type { LoginHooks } from "./hooks.js"
import { askText } from "./text-answer.js"

/** Why nobody can log in at an issuer. */
export interface IssuerProblem {
  readonly problem: string
  readonly remedy: string
  /** The issuer that its document names, where that is another one. */
  readonly named?: string
}

/**
 * Asks an issuer for its discovery document, to learn what is wrong with it.
 *
 * @returns undefined when it can be read and names this issuer
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 */
export async function issuerProblem(issuer: string, hooks: LoginHooks = {}): Promise<IssuerProblem | undefined> {
  if (!URL.canParse(issuer)) return { problem: `the issuer '${issuer}' is no URL`, remedy: "correct auth.oidc.issuer" }
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`
  try {
    const { status, bytes } = await askText({ url, hooks: { timeoutMs: 5_000, ...hooks } })
    if (status !== 200) return { problem: `the discovery document at ${url} cannot be read: the answer is ${status}`, remedy: correct }
    const named = issuerIn(bytes)
    if (named === undefined) return { problem: `what is at ${url} is no discovery document`, remedy: correct }
    if (named === issuer) return undefined
    return {
      problem: `the discovery document at ${url} names the issuer '${named}', and configured is '${issuer}'`,
      remedy: `set auth.oidc.issuer to '${named}', slash and all`,
      named,
    }
  } catch (thrown) {
    if (!(thrown instanceof PdpError)) throw thrown
    const { problem = thrown.message, remedy } = thrown.details
    return { problem: `the discovery document cannot be reached: ${String(problem)}`, remedy: typeof remedy === "string" ? remedy : correct }
  }
}

const correct = "correct auth.oidc.issuer, of which it is a part"

const Document = z.object({
  issuer: z
    .string()
    .max(512)
    .regex(/^[\x21-\x7e]+$/),
})

function issuerIn(bytes: Buffer): string | undefined {
  try {
    return Document.safeParse(JSON.parse(bytes.toString())).data?.issuer
  } catch {
    return undefined
  }
}
