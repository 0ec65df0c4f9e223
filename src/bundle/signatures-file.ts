import { z } from "zod"
import { messageOf, PdpError } from "../errors.js"

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

/** @throws {PdpError} `ERR_BUNDLE_INVALID` */
export function readSignaturesFile(bytes: Uint8Array): SignaturesFile {
  return parsed(bytes, SignaturesFile, signaturesFile)
}

/** @throws {PdpError} `ERR_BUNDLE_INVALID` */
export function readSignatureClaims(bytes: Uint8Array): SignatureClaims {
  return parsed(bytes, SignatureClaims, `the JWT in ${signaturesFile}`)
}

/** A failure of verification. */
export function signatureProblem(reason: string, problem: string, cause?: unknown): PdpError {
  return new PdpError("ERR_BUNDLE_INVALID", problem, { reason, ...(cause !== undefined && { cause }) })
}

function parsed<Schema extends z.ZodType>(bytes: Uint8Array, schema: Schema, name: string): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)))
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause).replace(/\s+/g, " ") : messageOf(cause)
    throw signatureProblem("signature_malformed", `${name} is not what it must be: ${why}`, cause)
  }
}
