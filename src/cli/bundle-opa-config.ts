import { InvalidArgumentError, type Command } from "commander"
import { stringify } from "yaml"
import { bundleNames, publicKeyOf } from "../bundle/index.js"
import { parseListen, serverLimitsOf, verifiesTokens, type Config } from "../config/index.js"
import { PdpError } from "../errors.js"
import { mayCarrySecrets } from "../model/loopback.js"
import { readKey } from "./bundle-file.js"
import { ConfigFlags, configuredBy } from "./config-options.js"
import type { Terminal } from "./terminal.js"

interface OpaConfigOptions {
  readonly url?: string
  readonly split?: boolean
  readonly persist?: boolean
  readonly decisionLogs?: boolean
}

/** `portcullis bundle opa-config`. */
export function addBundleOpaConfig(bundle: Command, terminal: Terminal): void {
  bundle
    .command("opa-config")
    .description("Print the configuration of an OPA that takes its bundles from a sidecar, and reports to it")
    .option("-c, --config <file>", "configuration file of the sidecar (also PORTCULLIS_CONFIG)")
    .option("--url <url>", "the sidecar, as the OPA reaches it; default: where it listens", urlArgument)
    .option("--split", "policy, roles and role bindings as bundles of their own")
    .option("--persist", "the OPA keeps the last good bundles on disk, and starts with them while the sidecar is away")
    .option("--decision-logs", "the OPA sends its decisions to the sidecar's decision log")
    .addHelpText("after", examples)
    .action(async (options: OpaConfigOptions) => {
      const { config } = configuredBy(ConfigFlags.parse(options), terminal)
      terminal.out(stringify(await opaConfig(config, options, terminal), { lineWidth: 0 }))
      terminal.err(`portcullis: ${credentialsHint(config)}\n`)
      if (options.url !== undefined && !mayCarrySecrets(options.url))
        terminal.err(`portcullis: ${options.url} is plain http to another host: who is in between reads the role bindings and the token; use https\n`)
    })
}

const examples = `
Examples:
  portcullis bundle opa-config > opa.yaml && opa run --server --config-file opa.yaml
  portcullis bundle opa-config --config portcullis.yaml --url https://portcullis.example.com --split --persist`

const tokenVariable = "PORTCULLIS_BUNDLE_TOKEN"

function urlArgument(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw new InvalidArgumentError("it is no URL; write https://host, or http://127.0.0.1:8181.")
}

async function opaConfig(config: Config, { url, split = false, persist = false, decisionLogs = false }: OpaConfigOptions, terminal: Terminal) {
  if (config.policy.path !== undefined)
    throw new PdpError("ERR_CONFIG_INVALID", "policy.path is set: a policy of your own is not given out in bundles; build one with 'opa build'")
  const signature = await signatureOf(config, terminal)
  const names = bundleNames(config.bundle.binding_bundles).filter((name) => (name === "authz") !== split)
  const longPollSeconds = Math.min(30, Math.floor(serverLimitsOf(config).longPollSeconds))
  const polling = { min_delay_seconds: 1, max_delay_seconds: 10, ...(longPollSeconds > 0 && { long_polling_timeout_seconds: longPollSeconds }) }
  const bundle = (name: string) => ({
    service: "portcullis",
    resource: `bundles/${name}.tar.gz`,
    polling,
    ...(persist && { persist }),
    ...(signature && { signing: signature.signing }),
  })
  return {
    services: { portcullis: { url: url ?? listenUrl(config), ...credentials(config) } },
    bundles: Object.fromEntries(names.map((name) => [name, bundle(name)])),
    ...(signature && { keys: signature.keys }),
    default_decision: "authz/allow",
    status: { service: "portcullis" },
    ...(decisionLogs && { decision_logs: { service: "portcullis", reporting: { min_delay_seconds: 5, max_delay_seconds: 10 } } }),
  }
}

async function signatureOf({ bundle }: Config, terminal: Terminal) {
  const { signing_key_file: file, signing_algorithm: wanted, signing_key_id: named, signing_scope: scope } = bundle
  if (file === undefined) return undefined
  const { keyId: own, algorithm, publicKeyPem } = await readKey(file, terminal, (pem) => publicKeyOf(pem, wanted))
  const keyId = named ?? own
  return { keys: { [keyId]: { algorithm, key: publicKeyPem } }, signing: { keyid: keyId, ...(scope !== undefined && { scope }) } }
}

function credentials({ bundle, auth }: Config): object {
  if (bundle.tokens.length > 0) return { credentials: { bearer: { token: `\${${tokenVariable}}` } } }
  return { headers: { [`${auth.principal_header_prefix}Principal-Id`]: "service:opa" } }
}

function credentialsHint(config: Config): string {
  const { tokens } = config.bundle
  if (tokens.length > 0)
    return `start OPA with ${tokenVariable} set to the value of ${tokens.map(({ name }) => `'${name}'`).join(" or ")} in bundle.tokens`
  if (verifiesTokens(config)) return "the identity provider is on, so that a name alone is not believed; give OPAs a token in bundle.tokens"
  return "the name in 'headers' is believed from this machine alone; give OPAs on other ones a token in bundle.tokens"
}

function listenUrl({ server }: Config): string {
  const place = parseListen(server.listen)
  if ("path" in place || place.port === 0)
    throw new PdpError("ERR_CONFIG_INVALID", `server.listen is '${server.listen}', which no OPA reaches; say with --url where it reaches the sidecar`)
  const host = place.host === "0.0.0.0" || place.host === "::" ? "127.0.0.1" : place.host.includes(":") ? `[${place.host}]` : place.host
  return `${server.tls.cert_file === undefined ? "http" : "https"}://${host}:${place.port}`
}
