import { createHash } from "node:crypto"
import { join } from "node:path"
import { type Command } from "commander"
import { bundleSet, bundleSigner, type BundleOrigin, type BundleSigner, type SignatureAlgorithm } from "../bundle/index.js"
import type { Pdp } from "../pdp/index.js"
import { algorithmArgument, makeFolder, readKey, writeBytes } from "./bundle-file.js"
import { ConfigFlags, configuredBy, withLocalDataOptions } from "./config-options.js"
import { configuredPdp } from "./configured-pdp.js"
import type { Terminal } from "./terminal.js"

interface BuildOptions {
  readonly out: string
  readonly split?: boolean
  readonly revision?: string
  readonly signKey?: string
  readonly algorithm?: SignatureAlgorithm
  readonly keyId?: string
  readonly scope?: string
}

/** `portcullis bundle build`. */
export function addBundleBuild(bundle: Command, terminal: Terminal): void {
  const command = bundle.command("build").description("Build a bundle of policy, roles and role bindings for stock OPAs")
  withLocalDataOptions(command)
    .requiredOption("-o, --out <file>", "where to; with --split a folder")
    .option("--split", "policy, roles and role bindings as bundles of their own, with disjoint roots")
    .option("-r, --revision <text>", "revision in the manifest; default: from the contents, so that the same contents give the same bytes")
    .option("--sign-key <file>", "private key in PEM that signs; 'portcullis bundle keygen' makes one")
    .option("--algorithm <name>", "what the key is used with; default: what it is for, RS256 for RSA", algorithmArgument)
    .option("--key-id <id>", "name of the key in OPA's configuration; default: from the key itself")
    .option("--scope <scope>", "scope of the signature; OPA's configuration must have the same")
    .addHelpText("after", examples)
    .action(async (options: BuildOptions) => {
      const unused = (["algorithm", "keyId", "scope"] as const).find((name) => options[name] !== undefined)
      if (options.signKey === undefined && unused !== undefined)
        command.error(`error: ${flags[unused]} says how to sign; name a key with --sign-key, or leave it out`)
      const signer = await signerOf(options, terminal)
      const { pdp } = await configuredPdp(configuredBy(ConfigFlags.parse(options), terminal).config, false, terminal)
      try {
        if (pdp.status().bindings === 0)
          terminal.err("portcullis: the bundle holds no role bindings: nobody has a role; name them with --bindings, --data or --config\n")
        await build(originOf(pdp, options.revision), options, signer, terminal)
      } finally {
        await pdp.close()
      }
    })
}

const flags = { algorithm: "--algorithm", keyId: "--key-id", scope: "--scope" } as const

const examples = `
A signature holds the time and, with ES and PS algorithms, chance: signed bundles differ each time.

Examples:
  portcullis bundle build --data authorization.yaml --bindings bindings.yaml -o authz.tar.gz
  portcullis bundle build --config portcullis.yaml --split --sign-key bundle-key.pem --scope read -o bundles/`

async function signerOf({ signKey, algorithm, keyId, scope }: BuildOptions, terminal: Terminal): Promise<BundleSigner | undefined> {
  if (signKey === undefined) return undefined
  const options = { ...(algorithm && { algorithm }), ...(keyId !== undefined && { keyId }), ...(scope !== undefined && { scope }), now: terminal.now }
  return readKey(signKey, terminal, (privateKeyPem) => bundleSigner({ privateKeyPem, ...options }))
}

async function build(origin: BundleOrigin, { out, split }: BuildOptions, signer: BundleSigner | undefined, terminal: Terminal): Promise<void> {
  const bundles = bundleSet(origin, signer && { signer })
  try {
    const names = split ? bundles.names.filter((name) => name !== "authz") : ["authz"]
    if (split) await makeFolder(out, terminal)
    for (const name of names) {
      const { revision, bytes } = await bundles.current(name)
      const file = split ? join(out, `${name}.tar.gz`) : out
      await writeBytes(file, bytes, 0o644, terminal)
      terminal.err(`${file}: ${bytes.length} bytes, revision ${revision}${signer ? ", signed" : ""}\n`)
    }
  } finally {
    await bundles.close()
  }
}

/** Nothing changes any more: one content, one revision. */
function originOf(pdp: Pdp, named: string | undefined): BundleOrigin {
  const { profile, authzData, bindings } = pdp.snapshot()
  const revision = named ?? digestOf(pdp)
  return { snapshot: () => ({ revision, profile, authzData, bindings }), revision: () => revision }
}

function digestOf(pdp: Pdp): string {
  const { policy, authorizationData } = pdp.status()
  const rows = [...pdp.snapshot().bindings].map(({ principal, workspace, role }) => JSON.stringify([principal, workspace, role])).sort()
  const hash = createHash("sha256").update(`${policy.digest}\n${authorizationData.digest}\n`)
  for (const row of rows) hash.update(`${row}\n`)
  return hash.digest("hex").slice(0, 16)
}
