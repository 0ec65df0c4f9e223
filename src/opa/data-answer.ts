/** The `input` of one data request. `undefined` is an undefined input; a `null` comes from a query only. */
export interface DataRequest {
  readonly input: unknown
  /** The body had no `input`, or a `null`, which OPA points out in its answer. */
  readonly inputMissing: boolean
}

/**
 * Reads the body of `POST /v1/data/…`. Members beside `input` are ignored; an empty body, `null` and an `input` of
 * `null` leave the input undefined, as in OPA 1.20.
 *
 * @param text the body, checked by the border scanner
 * @returns the request, or OPA's message when the body is none
 */
export function readDataRequest(text: string): DataRequest | string {
  if (text.trim() === "") return { input: undefined, inputMissing: true }
  const body = parsed(text)
  if (body instanceof SyntaxError) return `body contains malformed input document: ${body.message}`
  if (body.value === null) return { input: undefined, inputMissing: true }
  if (typeof body.value !== "object" || Array.isArray(body.value))
    return `body contains malformed input document: json: cannot unmarshal ${goKind(body.value)} into Go value of type types.DataRequestV1`
  const input: unknown = Object.hasOwn(body.value, "input") && "input" in body.value ? body.value.input : undefined
  return input === undefined || input === null ? { input: undefined, inputMissing: true } : { input, inputMissing: false }
}

/** Reads the `input` parameter of `GET /v1/data/…`: a JSON document; absent is undefined, without a warning. */
export function readDataQuery(input: string | null): DataRequest | string {
  if (input === null) return { input: undefined, inputMissing: false }
  const document = parsed(input)
  if (document instanceof SyntaxError) return `parameter contains malformed input document: ${document.message}`
  return { input: document.value, inputMissing: false }
}

/** What an answer holds besides its result. */
export interface AnswerParts {
  readonly decisionId?: string | undefined
  readonly provenance?: object | undefined
  readonly metrics?: object | undefined
}

/** The members of the answer to a data request: no `result` when it is undefined. */
export function dataAnswer(result: unknown, inputMissing: boolean, parts?: AnswerParts): object {
  if (!parts && !inputMissing) return result === undefined ? {} : { result }
  const { decisionId, provenance, metrics } = parts ?? {}
  return {
    ...(decisionId !== undefined && { decision_id: decisionId }),
    ...(provenance && { provenance }),
    ...(metrics && { metrics }),
    ...(result === undefined ? undefined : { result }),
    ...(inputMissing ? { warning: missingInput } : undefined),
  }
}

/** JSON as OPA writes it: indented when `pretty`, and always a line end. */
export function opaJson(value: unknown, pretty: boolean): string {
  return `${JSON.stringify(value, undefined, pretty ? 2 : undefined)}\n`
}

/** Reads the body of `POST /v0/data/…` and `POST /`, which is the input itself; an empty one is `null`, as in OPA. */
export function readBareInput(text: string): DataRequest | string {
  if (text.trim() === "") return { input: null, inputMissing: false }
  const document = parsed(text)
  if (document instanceof SyntaxError) return `unexpected parse error for input: body contains malformed input document: ${document.message}`
  return { input: document.value, inputMissing: false }
}

/** OPA's rule for flags in a query: present and empty is true; otherwise one value must be `true`, in any case. */
export function queryFlag(query: URLSearchParams, name: string): boolean {
  return query.getAll(name).some((value) => value === "" || value.toLowerCase() === "true")
}

const missingInput = { code: "api_usage_warning", message: "'input' key missing from the request" }

function parsed(text: string): { readonly value: unknown } | SyntaxError {
  try {
    return { value: JSON.parse(text) }
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return thrown
    throw thrown
  }
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return "array"
  return typeof value === "boolean" ? "bool" : typeof value
}
