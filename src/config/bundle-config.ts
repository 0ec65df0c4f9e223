import { z } from "zod"
import { signatureAlgorithms } from "../bundle/index.js"
import { tokenUses } from "../fleet/index.js"
import type { Flaw } from "./flaw.js"

const BundleTokenConfig = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "must be letters, digits, '.', '_' and '-', 64 at most")
    .describe("Shown in logs and in the fleet. No two tokens have the same one."),
  token: z.string().min(16).max(1_024).optional().describe("The value: 16 visible ASCII characters or more. One of this and `token_file`."),
  token_file: z.string().min(1).optional().meta({
    description: "A file with the value, or two while they change, one a line. Read again when it changes.",
    path: true,
  }),
  allow: z
    .array(z.enum(tokenUses))
    .optional()
    .describe(`What it is for: \`${tokenUses.join("`, `")}\`. Default: all but \`pdp\`, which is to ask for decisions.`),
  bundles: z.array(z.string().min(1)).optional().describe("The bundles that it is for. Default: all."),
})

/** How bundles are made and given out. */
export const BundleConfig = z.strictObject({
  tokens: z.array(BundleTokenConfig).default([]).meta({
    description: "Tokens by which OPAs fetch bundles and report (`Authorization: Bearer`), beside those whom the policy lets.",
    secret: true,
    takes: "list of objects",
  }),
  binding_bundles: z
    .int()
    .min(1)
    .max(256)
    .refine((count) => Number.isInteger(Math.log2(count)), "must be a power of two")
    .default(16)
    .meta({
      description: "Over how many bundles (`authz-bindings-…`) the role bindings are spread for OPAs that take them in parts.",
      takes: "a power of two, 1 to 256",
    }),
  signing_key_file: z.string().min(1).optional().meta({
    description: "The private key, PEM, that signs bundles (`portcullis bundle keygen`). There are no delta bundles then.",
    path: true,
  }),
  signing_algorithm: z.enum(signatureAlgorithms).optional().describe("Default: what the key is for, RS256 for RSA."),
  signing_key_id: z
    .string()
    .min(1)
    .optional()
    .describe("Under which id OPA's configuration has the public key. Default: the one that `portcullis bundle keygen` gave it."),
  signing_scope: z.string().min(1).optional().describe("The scope that OPA's configuration asks for."),
})
export type BundleConfig = Readonly<z.infer<typeof BundleConfig>>

/** Values that are right alone and wrong together. */
export function bundleFlaws({ tokens, signing_key_file: file, ...others }: BundleConfig): readonly Flaw[] {
  const flaws: Flaw[] = []
  const names = new Set<string>()
  for (const [index, { name, token, token_file: path }] of tokens.entries()) {
    if (names.has(name))
      flaws.push({ key: "bundle.tokens", path: [index], problem: `is named '${name}' like another one; give it a name of its own` })
    names.add(name)
    if ((token === undefined) === (path === undefined))
      flaws.push({ key: "bundle.tokens", path: [index], problem: `'${name}' needs either token or token_file; set one of them` })
  }
  for (const key of ["signing_algorithm", "signing_key_id", "signing_scope"] as const)
    if (file === undefined && others[key] !== undefined)
      flaws.push({ key: `bundle.${key}`, problem: "is set without bundle.signing_key_file; name the file of the key there" })
  return flaws
}
