import { writeDouble, writeInteger, writeMessage, writeText } from "./envoy-grpc-wire.js"

/** What `envoy.service.auth.v3.Authorization/Check` answers. */
export type CheckResponse = CheckAllowed | CheckDenied

/** The request passes. */
export interface CheckAllowed {
  readonly allowed: true
  /** Of the request as the upstream sees it. */
  readonly headers?: readonly HeaderEdit[]
  /** Header names. Envoy takes them off last, so that none of `headers` may be among them. */
  readonly headersToRemove?: readonly string[]
  /** Of the response that the client sees. */
  readonly responseHeaders?: readonly HeaderEdit[]
  readonly queryParametersToSet?: readonly (readonly [name: string, value: string])[]
  readonly queryParametersToRemove?: readonly string[]
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** The client gets this answer instead. */
export interface CheckDenied {
  readonly allowed: false
  /** HTTP's. 401 is told to Envoy as `UNAUTHENTICATED`, everything else as `PERMISSION_DENIED`. */
  readonly status: number
  readonly headers?: readonly HeaderEdit[]
  readonly body?: string
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** One header, and what becomes of those of its name that are there: they go, or it comes beside them. */
export interface HeaderEdit {
  readonly name: string
  readonly value: string
  readonly action: "overwrite" | "append"
}

/** A header that takes the place of those of its name. */
export function overwriting([name, value]: readonly [name: string, value: string]): HeaderEdit {
  return { name: name.toLowerCase(), value, action: "overwrite" }
}

/**
 * A `CheckResponse` in bytes.
 *
 * The action of every header is spelled out: newer Envoys append where older ones overwrite when it is not.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/auth/v3/external_auth.proto
 */
export function checkResponseBytes(response: CheckResponse): Buffer {
  const { metadata } = response
  return Buffer.concat([
    ...(response.allowed ? allowedParts(response) : deniedParts(response)),
    ...(metadata ? [writeMessage(4, struct(metadata))] : []),
  ])
}

function allowedParts(response: CheckAllowed): readonly Buffer[] {
  const { headers = [], headersToRemove = [], responseHeaders = [], queryParametersToSet = [], queryParametersToRemove = [] } = response
  return [
    writeMessage(1, writeInteger(1, grpcStatus.ok)),
    writeMessage(
      3,
      ...headers.map((edit) => headerOption(2, edit, edit.action === "append" ? [joining] : [])),
      ...headersToRemove.map((name) => writeText(5, name)),
      ...responseHeaders.map((edit) => headerOption(6, edit)),
      ...queryParametersToSet.map(([name, value]) => writeMessage(7, writeText(1, name), writeText(2, value))),
      ...queryParametersToRemove.map((name) => writeText(8, name)),
    ),
  ]
}

function deniedParts({ status, headers = [], body = "" }: CheckDenied): readonly Buffer[] {
  return [
    writeMessage(1, writeInteger(1, status === 401 ? grpcStatus.unauthenticated : grpcStatus.permissionDenied)),
    writeMessage(2, writeMessage(1, writeInteger(1, status)), ...headers.map((edit) => headerOption(2, edit)), writeText(3, body)),
  ]
}

const grpcStatus = { ok: 0, permissionDenied: 7, unauthenticated: 16 } as const

/**
 * `append: true`. Up to 1.40 at least, Envoy looks at nothing else when it adds to headers of requests; where it sets headers of answers, it would join
 * their values with commas, which cookies do not survive.
 */
const joining = writeMessage(2, writeInteger(1, 1))

/** `HeaderValueOption` with its `append_action`. Without `keep_empty_value` an empty value may be dropped. */
function headerOption(number: number, { name, value, action }: HeaderEdit, more: readonly Buffer[] = []): Buffer {
  return writeMessage(
    number,
    writeMessage(1, writeText(1, name), writeText(2, value)),
    ...more,
    writeInteger(3, action === "overwrite" ? 2 : 0),
    writeInteger(4, 1),
  )
}

/** The fields of a `google.protobuf.Struct`; members that JSON has not are left out. */
function struct(members: Readonly<Record<string, unknown>>): Buffer {
  const fields = Object.entries(members).filter(([, member]) => member !== undefined)
  return Buffer.concat(fields.map(([name, member]) => writeMessage(1, writeText(1, name), writeMessage(2, valueOf(member)))))
}

/** A `google.protobuf.Value`. */
function valueOf(value: unknown): Buffer {
  if (typeof value === "string") return value === "" ? writeMessage(3) : writeText(3, value)
  if (typeof value === "number") return writeDouble(2, value)
  if (typeof value === "boolean") return writeInteger(4, value ? 1 : 0)
  if (Array.isArray(value)) return writeMessage(6, ...value.map((item: unknown) => writeMessage(1, valueOf(item))))
  return isRecord(value) ? writeMessage(5, struct(value)) : writeInteger(1, 0)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
}
