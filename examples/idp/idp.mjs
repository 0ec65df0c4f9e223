// An identity provider to try things with: node examples/idp/idp.mjs --help
import { pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import { accounts, claimsOf } from "./accounts.mjs"
import { startIdp } from "./start.mjs"

export { accounts, claimsOf, startIdp }

/** Which examples/idp/portcullis.yaml names. */
const usualIssuer = "http://127.0.0.1:9400"

const usage = `An identity provider for trying things out: device flow, password, refresh tokens. In memory, on 127.0.0.1 only.

  node examples/idp/idp.mjs [--port 9400] [--scope-prefix api://portcullis/]

  --port          where it listens (9400); also part of its issuer
  --scope-prefix  what stands before platform:read and platform:write, as with Azure AD
  --help          this text
`

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2))

async function main(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: { type: "string", default: "9400" },
        "scope-prefix": { type: "string", default: "" },
        help: { type: "boolean", default: false },
      },
    })
    if (values.help) return void process.stdout.write(usage)
    await serve(portOf(values.port), values["scope-prefix"])
  } catch (error) {
    process.stderr.write(`idp: ${reasonOf(error)}\n`)
    process.exitCode = 1
  }
}

async function serve(port, scopePrefix) {
  const idp = await startIdp({ port, scopePrefix })
  process.stdout.write(welcome(idp.issuer, scopePrefix))
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void idp.stop())
}

function welcome(issuer, scopePrefix) {
  const settings = [
    ...(issuer === usualIssuer ? [] : [`PORTCULLIS_AUTH__OIDC__ISSUER=${issuer}`]),
    ...(scopePrefix === "" ? [] : [`PORTCULLIS_AUTH__OIDC__SCOPE_PREFIX=${scopePrefix}`]),
  ]
  return `identity provider ${issuer}
  client    portcullis-cli (public; audience of its access tokens: portcullis)
  accounts  ${[...accounts.keys()].join(", ")}; the password is the name
Now, in another terminal, a sidecar that believes it, on http://127.0.0.1:8181:
  ${[...settings, "npm run start:idp"].join(" ")}
Then log in, and open the page that this names:
  npx portcullis auth login --url http://127.0.0.1:8181
Ctrl-C stops it; what it knows is gone then.
`
}

function portOf(text) {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new Error(`--port is '${text}'; a number from 0 to 65535 is due`)
  return port
}

function reasonOf(error) {
  if (error.code === "EADDRINUSE") return `port ${error.port} is taken; choose another one with --port`
  return error.message
}
