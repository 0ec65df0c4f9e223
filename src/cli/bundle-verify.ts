import type { Command } from "commander"
import { readBundle, readPublicKey, type SignatureAlgorithm } from "../bundle/index.js"
import { collect } from "./config-options.js"
import { algorithmArgument, readBytes, readKey } from "./bundle-file.js"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import { facts } from "./table.js"
import type { Terminal } from "./terminal.js"

interface VerifyOptions {
  readonly key: string
  readonly algorithm?: SignatureAlgorithm
  readonly keyId?: string
  readonly scope?: string
  readonly exclude?: readonly string[]
  readonly output: OutputFormat
}

/** `portcullis bundle verify`: exit 1 with the reason when the signature is not good. */
export function addBundleVerify(bundle: Command, terminal: Terminal): void {
  bundle
    .command("verify")
    .description("Verify the signature of a bundle as an OPA would; exits 1 with the reason")
    .argument("<file>", "a bundle")
    .requiredOption("--key <file>", "public key in PEM")
    .option("--algorithm <name>", "what the key is used with; default: what it is for, RS256 for RSA", algorithmArgument)
    .option("--key-id <id>", "the signature must name this key; not given, it may name any")
    .option("--scope <scope>", "the signature must have this scope; not given, it must have none")
    .option("--exclude <pattern>", "files that need not be signed; repeatable", collect)
    .addOption(outputOption())
    .addHelpText("after", "\nExamples:\n  portcullis bundle verify authz.tar.gz --key bundle-key.pub.pem --scope read")
    .action(async (file: string, { key: keyFile, algorithm, keyId, scope, exclude, output }: VerifyOptions) => {
      const key = await readKey(keyFile, terminal, (publicKeyPem) => ({ algorithm: readPublicKey(publicKeyPem, algorithm).algorithm, publicKeyPem }))
      const named = keyId === undefined ? { keys: { given: key }, keyId: "given" } : { keys: { [keyId]: key } }
      const verification = { ...named, ...(scope !== undefined && { scope }), ...(exclude && { excludeFiles: exclude }) }
      const { verified, manifest } = await readBundle(await readBytes(file, terminal), { verification })
      const { keyId: _, ...signature } = { ...verified, keyId: undefined }
      const result = { verified: true, revision: manifest.revision, ...(keyId !== undefined && { keyId }), ...signature }
      terminal.out(rendered(output, result, () => facts(Object.entries(result).map(([name, value]) => [name, String(value)]))))
    })
}
