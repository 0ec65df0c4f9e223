import { z } from "zod"
import { signatureAlgorithms } from "../bundle/index.js"

const PublicKey = z.strictObject({ algorithm: z.enum(signatureAlgorithms), publicKeyPem: z.string().min(1), scope: z.string().optional() })
const Secret = z.strictObject({ algorithm: z.enum(["HS256", "HS384", "HS512"]), secret: z.string().min(1), scope: z.string().optional() })

/** `verify` of a bundle's options. The keys themselves are read when a bundle is verified. */
export const verificationOption: z.ZodType = z.strictObject({
  keys: z.record(z.string(), z.union([PublicKey, Secret], "must be { algorithm, publicKeyPem, scope? }, or { algorithm, secret, scope? }")),
  keyId: z.string().optional(),
  scope: z.string().optional(),
  excludeFiles: z.array(z.string()).optional(),
})
