import { readFileSync } from "node:fs"
import { bundleSigner } from "../bundle/index.js"
import type { Config } from "../config/index.js"
import { messageOf, PdpError } from "../errors.js"
import type { BundleOptions } from "../server/index.js"
import { namingFile } from "./bundle-file.js"

/**
 * How a configuration wants bundles given out, for `startServer`.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when the signing key cannot be used; never with a part of it
 */
export function configuredBundles({ bundle }: Config): BundleOptions {
  const { signing_key_file: file, signing_algorithm: algorithm, signing_key_id: keyId, signing_scope: scope } = bundle
  return {
    bindingBundles: bundle.binding_bundles,
    tokens: bundle.tokens.map(({ name, token, token_file: tokenFile, allow, bundles }) => ({ name, token, tokenFile, allow, bundles })),
    ...(file !== undefined && {
      signer: namingFile(`bundle.signing_key_file: ${file}`, readKey(file), (privateKeyPem) =>
        bundleSigner({
          privateKeyPem,
          ...(algorithm !== undefined && { algorithm }),
          ...(keyId !== undefined && { keyId }),
          ...(scope !== undefined && { scope }),
        }),
      ),
    }),
  }
}

function readKey(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch (cause) {
    throw new PdpError("ERR_CONFIG_INVALID", `cannot read bundle.signing_key_file: ${messageOf(cause)}; make a key with 'portcullis bundle keygen'`, {
      cause,
    })
  }
}
