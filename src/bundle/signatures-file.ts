import { z } from "zod"
import { messageOf, PdpError } from "../errors.js"
import { firstIssue } from "../model/first-issue.js"
import { beyondBounds, type JsonBounds } from "./bounded-json.js"

/** The name of the file with the signature. */
export const signaturesFile = ".signatures.json"

/** `.signatures.json`: one JWT. */
export const SignaturesFile = z.object({ signatures: z.array(z.string()).optional(), plugin: z.string().optional() })
export type SignaturesFile = z.infer<typeof SignaturesFile>

/**
 * What is signed: every file, and whom the signature is for.
 *
 * @see https://www.openpolicyagent.org/docs/management-bundles#signature-format
 */
export const SignatureClaims = z.object({
  files: z.array(z.object({ name: z.string(), hash: z.string(), algorithm: z.string() })),
  scope: z.string().optional(),
  /** Older than the `kid` of the JWT's header, which wins. */
  keyid: z.string().optional(),
  iat: z.number().optional(),
  iss: z.string().optional(),
})
export type SignatureClaims = Readonly<z.infer<typeof SignatureClaims>>

/**
 * Reads a file that nobody has verified.
 *
 * @throws {PdpError} `ERR_BUNDLE_INVALID`, before it is parsed when it holds more than one JWT for 10,000 files could
 */
export function readSignaturesFile(bytes: Uint8Array): SignaturesFile {
  return parsed(bytes, SignaturesFile, signaturesFile, { bytes: 4_194_304, values: 100 })
}

/** @throws {PdpError} `ERR_BUNDLE_INVALID` */
export function readSignatureClaims(bytes: Uint8Array): SignatureClaims {
  return parsed(bytes, SignatureClaims, `the JWT in ${signaturesFile}`, { bytes: 4_194_304, values: 100_000 })
}

/** A failure of verification. */
export function signatureProblem(reason: string, problem: string, cause?: unknown): PdpError {
  return new PdpError("ERR_BUNDLE_INVALID", problem, { reason, ...(cause !== undefined && { cause }) })
}

function parsed<Schema extends z.ZodType>(bytes: Uint8Array, schema: Schema, name: string, bounds: JsonBounds): z.infer<Schema> {
  const excess = beyondBounds(bytes, bounds)
  if (excess !== undefined) throw signatureProblem("signature_malformed", `${name} is not what it must be: ${excess}`)
  try {
    return schema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)))
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw signatureProblem("signature_malformed", `${name} is not what it must be: ${messageOf(cause)}`, cause)
    throw signatureProblem("signature_malformed", `${name} is not what it must be: ${firstIssue(cause)}`)
  }
}
