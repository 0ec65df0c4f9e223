// A Hono app that lets Portcullis decide in its own process. `npm install hono @hono/node-server portcullis`, or in a clone `npm run build`; then
//   node examples/idp/idp.mjs                 an identity provider to try it with (or name yours in ISSUER)
//   node examples/hono/server.mjs             this app, on http://127.0.0.1:3000 (or PORT)
//   token=$(curl -s http://127.0.0.1:9400/token -d grant_type=password -d client_id=portcullis-cli -d username=ann@example.com \
//     -d password=ann@example.com -d "scope=openid platform:read" | node -pe 'JSON.parse(fs.readFileSync(0)).access_token')
//   curl -i -H "Authorization: Bearer $token" http://127.0.0.1:3000/apis/models/v2/workspaces/ml-team/models
import { serve } from "@hono/node-server"
import { Hono } from "hono"
import { env, exit } from "node:process"
import { fileURLToPath } from "node:url"
import { createPdp, fileSource } from "portcullis"
import { portcullis } from "portcullis/hono"

const { ISSUER = "http://127.0.0.1:9400", PORT = "3000" } = env
const quickstart = fileURLToPath(new URL("../quickstart/", import.meta.url))

const pdp = await createPdp({
  authorizationData: `${quickstart}authorization.yaml`, // which operation needs which permission
  source: fileSource({ path: `${quickstart}bindings.yaml` }), // who holds which role where: ann reads in ml-team
})

const app = new Hono() // in TypeScript: new Hono<{ Variables: PortcullisVariables }>()

// Before every route. What it does not let in is answered with 401, 403 or 503, and comes no further.
app.use(
  portcullis({
    pdp,
    authentication: { issuers: [{ issuer: ISSUER, audience: "portcullis" }] },
    open: ["/"], // needs no decision
    onDecision: ({ method, path, caller, refusal }) => console.log(method, path, caller?.principal.id ?? "?", refusal?.code ?? "allowed"),
  }),
)

app.get("/", (c) => c.text("models live below /apis/models/v2/workspaces/ml-team/models\n"))

// Here the policy has allowed it, and `c.var.portcullis` says to whom.
app.get("/apis/models/v2/workspaces/:workspace/models", (c) => c.json({ caller: c.var.portcullis.principal.id, models: ["resnet", "whisper"] }))
app.post("/apis/models/v2/workspaces/:workspace/models", async (c) => {
  return c.json({ caller: c.var.portcullis.principal.id, created: (await c.req.json()).name }, 201)
})

const address = { hostname: "127.0.0.1", port: Number(PORT) }
const server = serve({ fetch: app.fetch, ...address }, ({ port }) => console.log(`listens on http://127.0.0.1:${port}`))
server.on("error", ({ message }) => {
  console.error(`cannot listen: ${message}; name another port with PORT=`)
  exit(1)
})
