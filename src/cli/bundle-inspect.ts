import type { Command } from "commander"
import { readBundle, readSignatureClaims, type UnpackedBundle } from "../bundle/index.js"
import { readBytes } from "./bundle-file.js"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import { facts, table } from "./table.js"
import type { Terminal } from "./terminal.js"

/** `portcullis bundle inspect`. */
export function addBundleInspect(bundle: Command, terminal: Terminal): void {
  bundle
    .command("inspect")
    .description("What is in a bundle: manifest, files, entrypoints, and what its signature says, which is not verified here")
    .argument("<file>", "a bundle")
    .addOption(outputOption())
    .addHelpText("after", "\nExamples:\n  portcullis bundle inspect authz.tar.gz\n  portcullis bundle inspect --output json authz.tar.gz")
    .action(async (file: string, { output }: { readonly output: OutputFormat }) => {
      const bytes = await readBytes(file, terminal)
      const inspection = inspectionOf(await readBundle(bytes, { verification: "ignored" }), bytes.length)
      terminal.out(rendered(output, inspection, () => tablesOf(inspection)))
    })
}

interface Inspection {
  readonly type: string
  readonly bytes: number
  readonly manifest: UnpackedBundle["manifest"]
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  readonly operations?: number
  readonly signature?: Signature
}

interface Signature {
  readonly algorithm: string
  readonly keyId?: string
  readonly scope?: string
  readonly issuer?: string
  readonly issuedAt?: string
  readonly files: number
}

function inspectionOf({ type, manifest, files, patch, signatures }: UnpackedBundle, bytes: number): Inspection {
  const [token] = signatures?.signatures ?? []
  return {
    type,
    bytes,
    manifest,
    files: [...files].map(([name, body]) => ({ name, bytes: body.length })),
    ...(type === "delta" && { operations: patch.length }),
    ...(token !== undefined && { signature: signatureIn(token) }),
  }
}

function signatureIn(token: string): Signature {
  const [header = "", payload = ""] = token.split(".")
  const { alg = "", kid }: { readonly alg?: string; readonly kid?: string } = JSON.parse(Buffer.from(header, "base64url").toString() || "{}")
  const { files, scope, iss, iat, keyid } = readSignatureClaims(Buffer.from(payload, "base64url"))
  const keyId = kid ?? keyid
  return {
    algorithm: alg,
    ...(keyId !== undefined && { keyId }),
    ...(scope !== undefined && { scope }),
    ...(iss !== undefined && { issuer: iss }),
    ...(iat !== undefined && { issuedAt: new Date(iat * 1_000).toISOString() }),
    files: files.length,
  }
}

function tablesOf({ type, bytes, manifest, files, operations, signature }: Inspection): string {
  const roots = manifest.roots.map((root) => (root === "" ? "/" : root))
  const about = facts([
    ["type", operations === undefined ? type : `${type} of ${operations} operation(s)`],
    ["bytes", String(bytes)],
    ["revision", manifest.revision],
    ["roots", roots.length > 6 ? `${roots.slice(0, 6).join(" ")} … (${roots.length})` : roots.join(" ")],
    ["Rego", manifest.rego_version === undefined ? undefined : `v${manifest.rego_version}`],
    ["entrypoints", manifest.wasm.length === 0 ? undefined : manifest.wasm.map(({ entrypoint }) => entrypoint).join(" ")],
    ["signature", signature && signatureText(signature)],
  ])
  return `${about}\n${table(
    ["FILE", "BYTES"],
    files.map(({ name, bytes: size }) => [name, String(size)]),
  )}`
}

function signatureText({ algorithm, keyId, scope, issuedAt, files }: Signature): string {
  const parts = [
    algorithm,
    keyId && `key ${keyId}`,
    scope !== undefined && `scope ${scope}`,
    issuedAt && `of ${issuedAt}`,
    `${files} files`,
    "not verified",
  ]
  return parts.filter(Boolean).join(", ")
}
