import { z } from "zod"
import { messageOf, PdpError } from "../errors.js"
import { parsedJson } from "../model/parsed-json.js"
import { printable } from "../model/printable.js"
import { answerText, tlsProblem } from "../outgoing/index.js"
import { CheckAnswer } from "./check-answer.js"
import type { CheckQuestion } from "./check.js"

/**
 * Asks a running PDP by HTTP.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when it cannot be reached, or answers anything but a decision
 */
export async function checkRemotely(question: CheckQuestion, url: string): Promise<CheckAnswer> {
  const input = inputOf(question)
  const decision = await ask(url, "allow", input, Allowed)
  const { result: facts } = await ask(url, "explain", input, CheckAnswer)
  return { ...facts, allowed: decision.result.allowed, ...(decision.revision !== undefined && { revision: decision.revision }) }
}

const Allowed = z.object({ allowed: z.boolean() })
const Refused = z.object({ detail: z.string(), code: z.string().optional() })
const timeoutMs = 10_000
const mostBytes = 32 * 1024 * 1024

function inputOf({ principal, email, groups, scopes, onBehalfOf, method, path }: CheckQuestion): unknown {
  return {
    principal_id: principal,
    principal_groups: groups,
    method,
    path,
    ...(email !== undefined && { principal_email: email }),
    ...(scopes && { scopes }),
    ...(onBehalfOf && { on_behalf_of_principal_id: onBehalfOf.id }),
    ...(onBehalfOf?.email !== undefined && { on_behalf_of_principal_email: onBehalfOf.email }),
    ...(onBehalfOf?.groups && { on_behalf_of_principal_groups: onBehalfOf.groups }),
  }
}

interface Asked<Result> {
  readonly result: Result
  readonly revision: string | undefined
}

async function ask<Result>(base: string, entrypoint: string, input: unknown, result: z.ZodType<Result>): Promise<Asked<Result>> {
  const url = endpoint(base, entrypoint)
  const { status, text, revision } = await post(url, JSON.stringify({ input }))
  if (status !== 200) throw new PdpError("ERR_SOURCE_UNAVAILABLE", `${url} answered ${status}: ${detailOf(text)}`)
  const answer = z.object({ result }).safeParse(parsedJson(text))
  if (answer.success) return { result: answer.data.result, revision }
  throw new PdpError("ERR_SOURCE_UNAVAILABLE", `${url} answered no decision; is it a Portcullis PDP?`)
}

function endpoint(base: string, entrypoint: string): string {
  const url = URL.canParse(base) ? new URL(`/apis/auth/v2/authz/${entrypoint}`, base) : undefined
  if (url?.protocol === "http:" || url?.protocol === "https:") return url.href
  throw new PdpError("ERR_INPUT_INVALID", `--url '${base}' is not an http or https URL; write one such as http://127.0.0.1:8181`)
}

async function post(url: string, body: string): Promise<{ readonly status: number; readonly text: string; readonly revision: string | undefined }> {
  const headers = { "Content-Type": "application/json", "X-NMP-Principal-Id": "service:portcullis-cli" }
  try {
    const response = await fetch(url, { method: "POST", body, headers, redirect: "error", signal: AbortSignal.timeout(timeoutMs) })
    return {
      status: response.status,
      text: await answerText(response, mostBytes),
      revision: response.headers.get("X-Portcullis-Revision") ?? undefined,
    }
  } catch (cause) {
    const tls = tlsProblem(url, cause)
    if (tls) throw new PdpError("ERR_SOURCE_UNAVAILABLE", `cannot ask ${url}: ${tls.problem}; ${tls.remedy}`, { cause })
    const reason = cause instanceof Error && cause.cause !== undefined ? messageOf(cause.cause) : messageOf(cause)
    throw new PdpError(
      "ERR_SOURCE_UNAVAILABLE",
      `cannot ask ${url}: ${printable(reason)}; start a PDP with 'portcullis serve', or name files with --data and --bindings`,
      {
        cause,
      },
    )
  }
}

function detailOf(text: string): string {
  const refused = Refused.safeParse(parsedJson(text))
  if (!refused.success) return printable(text.slice(0, 200))
  const { detail, code } = refused.data
  return printable(code === undefined ? detail : `${code}: ${detail}`)
}
