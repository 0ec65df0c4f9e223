import { accessSync, constants } from "node:fs"
import { readFile } from "node:fs/promises"
import { readPublicKey, type VerificationOptions } from "../bundle/index.js"
import type { Config } from "../config/index.js"
import { messageOf, PdpError } from "../errors.js"
import { fileBundle, httpBundle, type BundleFeed } from "../pdp/index.js"
import { headersFrom } from "./headers-file.js"

/**
 * The bundle that a configuration names.
 *
 * @param labels what this process calls itself when it reports which bundle it runs; default: an `id`
 * @returns undefined: it names none
 * @throws {PdpError} `ERR_CONFIG_INVALID`; `ERR_SOURCE_UNAVAILABLE` for a file that cannot be read
 */
export async function configuredFeed(
  { bundle_source: source }: Pick<Config, "bundle_source">,
  labels?: Readonly<Record<string, string>>,
): Promise<BundleFeed | undefined> {
  const { url, file, token_file: tokenFile, headers_file: headersFile, persist_file: persistFile, status_url: statusUrl } = source
  if (url === undefined && file === undefined) return undefined
  const verify = await verification(source)
  const both = { pollSeconds: source.poll_seconds, maxBytes: source.max_bytes, ...(verify && { verify }) }
  if (file !== undefined) {
    assertReadable(file)
    return fileBundle({ path: file, ...both })
  }
  return httpBundle({
    url: url ?? "",
    ...both,
    longPollSeconds: source.long_poll_seconds,
    ...(labels && { labels }),
    ...(tokenFile !== undefined && { tokenFile }),
    ...(headersFile !== undefined && { headers: headersFrom(headersFile) }),
    ...(persistFile !== undefined && { persistFile }),
    ...(statusUrl !== undefined && { statusUrl }),
  })
}

async function verification(source: Config["bundle_source"]): Promise<VerificationOptions | undefined> {
  const { verification_key_files: files, verification_algorithm: wanted, verification_key_id: keyId, verification_scope: scope } = source
  if (files.length === 0) return undefined
  const keys = await Promise.all(files.map((file) => publicKey(file, wanted)))
  return {
    keys: Object.fromEntries(keys.map((key) => [keyId ?? key.keyId, { algorithm: key.algorithm, publicKeyPem: key.publicKeyPem }])),
    ...(keyId !== undefined && { keyId }),
    ...(scope !== undefined && { scope }),
  }
}

async function publicKey(file: string, wanted: Config["bundle_source"]["verification_algorithm"]) {
  try {
    const publicKeyPem = await readFile(file, "utf8")
    const { keyId, algorithm } = readPublicKey(publicKeyPem, wanted)
    return { keyId, algorithm, publicKeyPem }
  } catch (cause) {
    throw new PdpError("ERR_CONFIG_INVALID", `bundle_source.verification_key_files: ${file}: ${messageOf(cause)}`, { cause })
  }
}

function assertReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK)
  } catch (cause) {
    throw new PdpError("ERR_SOURCE_UNAVAILABLE", `cannot read the bundle: ${messageOf(cause)}; check bundle_source.file or --bundle`, { cause })
  }
}
