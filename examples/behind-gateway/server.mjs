// An Express service behind a gateway that asks Portcullis: what the gateway has let in is not decided on again. In a clone, after `npm run build`:
//   printf %s "$(openssl rand -hex 32)" > decision.key; printf %s "$(openssl rand -hex 32)" > peer.secret
//   gateway: { decision_key_file: decision.key }                          in the sidecar's configuration: it signs its decisions
//   proxy_set_header X-Portcullis-Peer-Secret "<what peer.secret holds>"; in nginx.conf, in place of the line with ""
//   DECISION_KEY_FILE=decision.key PEER_SECRET_FILE=peer.secret node examples/behind-gateway/server.mjs
// It listens where the configurations of examples/gateways look for the service: http://127.0.0.1:8000 (or PORT).
import express from "express"
import { readFileSync } from "node:fs"
import { env, exit } from "node:process"
import { fileURLToPath } from "node:url"
import { createPdp, fileSource } from "portcullis"
import { portcullis } from "portcullis/express"

const { ISSUER = "http://127.0.0.1:9400", PORT = "8000", DECISION_KEY_FILE = "decision.key", PEER_SECRET_FILE = "peer.secret" } = env
const quickstart = fileURLToPath(new URL("../quickstart/", import.meta.url))

/** Two while they change, one a line. */
const linesOf = (file) => readFileSync(file, "utf8").split("\n").filter(Boolean)

// Decides on what comes by another way than the gateway, or with a proof that does not hold.
const pdp = await createPdp({
  authorizationData: `${quickstart}authorization.yaml`,
  source: fileSource({ path: `${quickstart}bindings.yaml` }),
})

const app = express()

app.use(
  portcullis({
    pdp,
    authentication: { issuers: [{ issuer: ISSUER, audience: "portcullis" }] },
    peers: { secrets: () => linesOf(PEER_SECRET_FILE) },
    gatewayDecisions: { keys: () => linesOf(DECISION_KEY_FILE) },
    open: ["/health"], // for the health checks of the gateway
    onDecision: ({ method, path, caller, gateway, unproven, refusal }) =>
      console.log(method, path, caller?.principal.id ?? "?", refusal?.code ?? "allowed", gateway ? "by the gateway" : "here", unproven?.reason ?? ""),
  }),
)

app.get("/health", (_request, response) => void response.send("ok\n"))

// Here it has been allowed, by the gateway or by this process.
app.get("/apis/models/v2/workspaces/:workspace/models", (request, response) => {
  const { principal, gateway } = request.portcullis
  response.json({ caller: principal.id, decision: gateway?.decisionId ?? "made here", models: ["resnet", "whisper"] })
})

const server = app.listen(Number(PORT), "127.0.0.1", (problem) => {
  if (!problem) return console.log(`listens on http://127.0.0.1:${server.address().port}`)
  console.error(`cannot listen: ${problem.message}; name another port with PORT=`)
  exit(1)
})
// Without it Node drops headers beyond 1,000 and says nothing, and what the gateway says may come last; then the middleware refuses such requests.
server.maxHeadersCount = 0
