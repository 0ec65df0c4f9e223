import type { IncomingMessage } from "node:http"
import { scanJson } from "../model/json-scanner.js"
import type { ServerLimits } from "./limits.js"
import { readBody } from "./read-body.js"
import { refusal, type Refusal } from "../model/refusal.js"

/** A body, parsed, and as it came. */
export interface SentJson {
  readonly value: unknown
  readonly text: string
}

/** No body. */
export const noJson: SentJson = { value: undefined, text: "" }

/** Reads a JSON body. @returns the refusal when it is too large, or no JSON that every parser reads in the same way */
export async function readJson(request: IncomingMessage, limits: ServerLimits): Promise<SentJson | Refusal> {
  const body = await new Promise<Buffer | Refusal>((resolve) => readBody(request, limits.bodyBytes, resolve))
  if (!Buffer.isBuffer(body)) return body
  const found = scanJson(body, { depth: limits.depth, keys: limits.keysPerObject, values: limits.values })
  if (found) return refusal(400, "input_invalid", `the body holds ${found.problem}, at byte ${found.offset}`)
  const text = body.toString("utf8")
  if (text.trim() === "") return refusal(400, "input_invalid", "the body is empty; send a JSON object")
  try {
    return { value: JSON.parse(text), text }
  } catch (thrown) {
    return refusal(400, "input_invalid", `the body is no JSON: ${thrown instanceof Error ? thrown.message : ""}`)
  }
}
