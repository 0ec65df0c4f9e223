// Runs every test that needs Node and npm only, and says what it leaves out. Arguments go to vitest.
import { runVitest } from "./vitest.mjs"

const failed = runVitest(["unit", "integration", "differential", "alone"], process.argv.slice(2))
process.stderr.write(
  "portcullis: 'npm run test:real' also runs the Rego tests, and compares with a real OPA (stock bundles, data API, differential suite)\n" +
    "  and with the reference's published command line and SDK, and puts real gateways before the sidecar (Envoy, NGINX, Traefik, Caddy)\n",
)
process.exitCode = failed
