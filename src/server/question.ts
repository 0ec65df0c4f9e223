import { readDataRequest, type DataRequest, type EntrypointName } from "../opa/index.js"
import { scanJson } from "../model/json-scanner.js"
import type { ServerContext } from "./context.js"
import { anyInput, checkInput, inputSchemas } from "./inputs.js"
import type { ServerLimits } from "./limits.js"
import { refusal, type Refusal } from "../model/refusal.js"

/** Reads and checks the body of the PDP API: `{"input": {…}}`, with every member that the entrypoint needs. */
export function readQuestion(entrypoint: EntrypointName, bytes: Buffer, limits: ServerLimits): DataRequest | Refusal {
  const body = checkedBody(bytes, limits, readDataRequest)
  if ("status" in body) return body
  if (body.inputMissing) return refusal(400, "input_invalid", 'the body has no `input`; send {"input":{…}}')
  return checkInput(inputSchemas[entrypoint], body.input, limits) ?? body
}

/**
 * Reads and checks the input of OPA's data API. An input that is no object, and what is absent from one, is left to the policy; one of somebody's
 * own knows itself what its inputs are.
 *
 * @param read takes the text apart, or says what is wrong with it
 */
export function readDataInput(context: DataContext, bytes: Buffer, read: (text: string) => DataRequest | string): DataRequest | Refusal {
  const body = checkedBody(bytes, context.limits, read)
  return "status" in body ? body : (checkedData(context, body.input) ?? body)
}

/** What {@link readDataInput} needs to know. */
export type DataContext = Pick<ServerContext, "limits" | "opa">

/** What is wrong with an input of the data API. */
export function checkedData({ limits, opa }: DataContext, input: unknown): Refusal | undefined {
  if (opa.isCustom() || typeof input !== "object" || input === null || Array.isArray(input)) return undefined
  return checkInput(anyInput, input, limits)
}

/** Reads a body of OPA's API that is any JSON. The messages are those of Go. */
export function checkedJson(bytes: Buffer, limits: ServerLimits): { readonly value: unknown } | Refusal {
  const found = scanned(bytes, limits)
  if (found) return found
  const text = bytes.toString("utf8")
  if (text.trim() === "") return refusal(400, "input_invalid", "EOF")
  try {
    return { value: JSON.parse(text) }
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return refusal(400, "input_invalid", thrown.message)
    throw thrown
  }
}

function checkedBody(bytes: Buffer, limits: ServerLimits, read: (text: string) => DataRequest | string): DataRequest | Refusal {
  const found = scanned(bytes, limits)
  if (found) return found
  const body = read(bytes.toString("utf8"))
  return typeof body === "string" ? refusal(400, "input_invalid", body) : body
}

function scanned(bytes: Buffer, limits: ServerLimits): Refusal | undefined {
  const found = scanJson(bytes, { depth: limits.depth, keys: limits.keysPerObject, values: limits.values })
  return found && refusal(400, "input_invalid", `the body holds ${found.problem}, at byte ${found.offset}`)
}
