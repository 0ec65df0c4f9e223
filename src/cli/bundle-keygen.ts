import type { Command } from "commander"
import { stringify } from "yaml"
import { generateSigningKey, type SignatureAlgorithm } from "../bundle/index.js"
import { algorithmArgument, assertFree, writeBytes } from "./bundle-file.js"
import type { Terminal } from "./terminal.js"

interface KeygenOptions {
  readonly algorithm: SignatureAlgorithm
  readonly out: string
  readonly keyId?: string
  readonly scope?: string
  readonly force?: boolean
}

/** `portcullis bundle keygen`. */
export function addBundleKeygen(bundle: Command, terminal: Terminal): void {
  bundle
    .command("keygen")
    .description("Make a pair of keys that sign bundles; prints what belongs into OPA's configuration")
    .option(
      "--algorithm <name>",
      "ES256, ES384, ES512, RS256, RS384, RS512, PS256, PS384 or PS512; OPA verifies no EdDSA",
      algorithmArgument,
      "ES256",
    )
    .requiredOption("-o, --out <prefix>", "writes PREFIX.pem, which only its owner may read, and PREFIX.pub.pem")
    .option("--key-id <id>", "name of the key in OPA's configuration; default: from the key itself")
    .option("--scope <scope>", "scope that signatures will have")
    .option("--force", "overwrite a key that is there: what it has signed is verified with its public key alone")
    .addHelpText("after", "\nExamples:\n  portcullis bundle keygen --algorithm ES256 -o bundle-key")
    .action(async ({ algorithm, out, keyId: named, scope, force }: KeygenOptions) => {
      const files = { privateFile: `${out}.pem`, publicFile: `${out}.pub.pem` }
      if (force !== true) await assertFree(Object.values(files), terminal)
      const { privateKeyPem, publicKeyPem, keyId: own } = await generateSigningKey(algorithm)
      const keyId = named ?? own
      await writeBytes(files.privateFile, Buffer.from(privateKeyPem), 0o600, terminal)
      await writeBytes(files.publicFile, Buffer.from(publicKeyPem), 0o644, terminal)
      const signing = { keyid: keyId, ...(scope !== undefined && { scope }) }
      terminal.out(stringify({ keys: { [keyId]: { algorithm, key: publicKeyPem } }, bundles: { authz: { signing } } }))
      terminal.err(
        `private key: ${files.privateFile}; public key: ${files.publicFile}; the above belongs into OPA's configuration, 'signing' into each bundle\n`,
      )
    })
}
