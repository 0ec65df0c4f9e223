import { readDataRequest, type DataRequest, type EntrypointName } from "../opa/index.js"
import { scanJson } from "../model/json-scanner.js"
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
 * Reads and checks the input of OPA's data API. An input that is no object, and what is absent from one, is left to the policy.
 *
 * @param read takes the text apart, or says what is wrong with it
 */
export function readDataInput(bytes: Buffer, limits: ServerLimits, read: (text: string) => DataRequest | string): DataRequest | Refusal {
  const body = checkedBody(bytes, limits, read)
  if ("status" in body || typeof body.input !== "object" || body.input === null || Array.isArray(body.input)) return body
  return checkInput(anyInput, body.input, limits) ?? body
}

function checkedBody(bytes: Buffer, limits: ServerLimits, read: (text: string) => DataRequest | string): DataRequest | Refusal {
  const found = scanJson(bytes, { depth: limits.depth, keys: limits.keysPerObject, values: limits.values })
  if (found) return refusal(400, "input_invalid", `the body holds ${found.problem}, at byte ${found.offset}`)
  const body = read(bytes.toString("utf8"))
  return typeof body === "string" ? refusal(400, "input_invalid", body) : body
}
