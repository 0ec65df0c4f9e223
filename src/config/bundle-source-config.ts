import { z } from "zod"
import { signatureAlgorithms } from "../bundle/index.js"
import type { Flaw } from "./flaw.js"

const path = z.string().min(1)

/** Where a bundle comes from that decides instead of files and stores. */
export const BundleSourceConfig = z.strictObject({
  url: z.string().min(1).optional().meta({
    description: "`https://…` of a bundle: of another Portcullis, or with policies compiled to WASM. It decides instead of `data` and `store`.",
    secret: true,
  }),
  file: path.optional().meta({ description: "The same in a file (`.tar.gz`), watched.", path: true }),
  poll_seconds: z
    .number()
    .min(0.05)
    .max(86_400)
    .default(30)
    .describe("Seconds between two looks where the server does not hold questions back, and the longest pause after failures."),
  long_poll_seconds: z
    .int()
    .min(0)
    .max(3_600)
    .default(30)
    .describe("How long a server that can may hold a question back until there is another bundle; 0: it is not asked to."),
  token_file: path.optional().meta({ description: "A file with a bearer token to ask with; read again for each request.", path: true }),
  headers_file: path
    .optional()
    .meta({ description: "A file with headers to ask with, one `Name: value` a line; read again for each request.", path: true }),
  persist_file: path
    .optional()
    .meta({ description: "A file that keeps the last good bundle: it decides when the server does not answer at the start.", path: true }),
  max_bytes: z.int().min(1).max(2_147_483_647).default(268_435_456).describe("Most bytes of a bundle, as it travels and once it is inflated."),
  status_url: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Where to post what this sidecar runs, in OPA's format: `https://…/status` of the other Portcullis.", takes: "https URL" }),
  verification_key_files: z
    .array(path)
    .default([])
    .meta({ description: "Public keys or certificates, PEM: bundles must be signed with one of them. Empty: they must be unsigned.", path: true }),
  verification_algorithm: z
    .enum(signatureAlgorithms)
    .optional()
    .describe("The algorithm of the signature. Default: what each key is for, RS256 for RSA."),
  verification_key_id: z
    .string()
    .min(1)
    .optional()
    .describe("The id of the key, when there is one. Default: the signature must name the id that `portcullis bundle keygen` gives the key."),
  verification_scope: z.string().min(1).optional().describe("The scope that the signature must have. Default: none."),
})
export type BundleSourceConfig = Readonly<z.infer<typeof BundleSourceConfig>>

/** A policy of one's own that decides instead. */
export const PolicyConfig = z.strictObject({
  path: path.optional().meta({
    description:
      "A policy of your own: a folder of Rego (needs OPA, watched), a `.wasm` module, or a bundle (`.tar.gz`). It decides instead of `data` and `store`.",
    path: true,
  }),
  data: z.array(path).default([]).meta({ description: "JSON or YAML documents for that policy, merged into one `data`, watched.", path: true }),
  entrypoints: z
    .array(z.string().min(1))
    .default([])
    .describe("What that policy can be asked, for example `todo/allow`. Empty: what it names itself."),
})
export type PolicyConfig = Readonly<z.infer<typeof PolicyConfig>>

/** Values that are right alone and wrong together. */
export function bundleSourceFlaws({ url, file, ...source }: BundleSourceConfig, policy: PolicyConfig): readonly Flaw[] {
  const flaws: Flaw[] = []
  const isGiven = url !== undefined || file !== undefined
  if (url !== undefined && file !== undefined)
    flaws.push({ key: "bundle_source.file", problem: "is set, and bundle_source.url, too; leave one of the two out" })
  if (isGiven && policy.path !== undefined) flaws.push({ key: "policy.path", problem: "is set, and bundle_source, too; leave one of the two out" })
  if (policy.path === undefined && (policy.data.length > 0 || policy.entrypoints.length > 0))
    flaws.push({ key: policy.data.length > 0 ? "policy.data" : "policy.entrypoints", problem: "is for policy.path, which is not set" })
  const keys = source.verification_key_files.length
  if (source.verification_key_id !== undefined && keys > 1)
    flaws.push({
      key: "bundle_source.verification_key_id",
      problem: `is set, and there are ${keys} keys; leave it out, so that signatures say which`,
    })
  for (const name of ["verification_algorithm", "verification_key_id", "verification_scope"] as const)
    if (source[name] !== undefined && keys === 0)
      flaws.push({ key: `bundle_source.${name}`, problem: "is set without bundle_source.verification_key_files; name the file of the key there" })
  for (const name of ["token_file", "headers_file", "persist_file", "status_url"] as const)
    if (source[name] !== undefined && url === undefined)
      flaws.push({ key: `bundle_source.${name}`, problem: "is for bundle_source.url, which is not set" })
  return flaws
}
