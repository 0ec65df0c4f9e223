// A gateway with a sidecar, a service behind it and an identity provider, all on this machine: node examples/gateways/run.mjs --help
import { once } from "node:events"
import { parseArgs } from "node:util"
import { gatewayKinds, programOf } from "./gateway.mjs"
import { allowedPath, deniedPath, startStack } from "./stack.mjs"

const usage = `A gateway that asks Portcullis, with all that belongs to it, on 127.0.0.1: to try, and to look at.

  node examples/gateways/run.mjs ${gatewayKinds.join("|")} [--free-ports] [--tokens FOLDER]

  --free-ports  takes free ports instead of those in the configurations
  --tokens      a folder for the tokens of ann and ben, and the sidecar's process id; without it a temporary one
  --help        this text

NGINX_BIN, ENVOY_BIN, CADDY_BIN and TRAEFIK_BIN name the gateway's program; otherwise it is looked for in PATH.
`

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`gateway: ${error.message}\n`)
  process.exitCode = error.code?.startsWith("ERR_PARSE_ARGS") ? 2 : 1
}

async function main(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { "free-ports": { type: "boolean" }, tokens: { type: "string" }, help: { type: "boolean" } },
  })
  if (values.help) return said(process.stdout, usage, 0)
  const [kind, ...others] = positionals
  const wrong = [...(kind === undefined || gatewayKinds.includes(kind) ? [] : [kind]), ...others]
  if (wrong.length > 0) return said(process.stderr, `gateway: '${wrong[0]}' is none of ${gatewayKinds.join(", ")}, or one too many\n\n${usage}`, 2)
  if (kind === undefined) return said(process.stderr, usage, 2)

  const stopped = Promise.race(["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => once(process, signal)))
  const stack = await startStack(kind, { freePorts: values["free-ports"], tokens: values.tokens })
  process.stdout.write(welcome(stack))
  const reason = await Promise.race([stack.ended, stopped.then(() => undefined)])
  await stack.stop()
  return reason === undefined ? 0 : said(process.stderr, `gateway: ${reason}\n`, 1)
}

function said(stream, text, code) {
  stream.write(text)
  return code
}

function welcome({ kind, binary, ports, idp, gateway, tokenFiles: { ann, ben }, pidFile }) {
  const url = `${gateway.url}${allowedPath}`
  const as = ({ file }) => `-H "Authorization: Bearer $(cat ${quoted(file)})"`
  return `gateway            ${gateway.url} (${kind}: ${binary})
sidecar            http://127.0.0.1:${ports.sidecar}
service            http://127.0.0.1:${ports.upstream}
identity provider  ${idp.issuer}

In another terminal:
# allowed, 200: ann is an Editor of ml-team; the service says what it saw
curl -i ${url} ${as(ann)}
# denied, 403: ben holds no role there
curl -i ${url} ${as(ben)}
# who asks? 401
curl -i ${url}
# does anything get around it? All ✓; for a few seconds the sidecar is held, to see that nothing passes then
npx portcullis doctor gateway ${gateway.url} --kind ${programOf(kind)} --token-file ${quoted(ann.file)} --allowed ${allowedPath} --denied ${deniedPath} \\
  --open /apis/auth/discovery --echo ${allowedPath} --also-unsafe-methods \\
  --stop 'kill -STOP $(cat ${pidFile})' --start 'kill -CONT $(cat ${pidFile})'

Ctrl-C stops all of it.
`
}

function quoted(path) {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
