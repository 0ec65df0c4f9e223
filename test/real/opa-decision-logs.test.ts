import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { expect, it, onTestFinished } from "vitest"
import { createDecisionLog, decisionLogIntake, type MaskRule } from "../../src/decision-log/index.js"
import { withMasks } from "../../src/decision-log/mask-rules.js"
import { createPdp, memorySource } from "../../src/index.js"
import { temporaryFolder } from "../fixtures/doors.js"
import { freePort } from "../fixtures/free-port.js"
import { listening } from "../fixtures/listening.js"
import { until } from "../fixtures/opa-server.js"
import { keepingSink } from "../unit/decision-log/world.js"

type Json = Readonly<Record<string, unknown>>

const rules: readonly MaskRule[] = [
  "/input/password",
  "/input/none/at/all",
  "/input/list/1",
  "/input/list/9",
  "/input/a%2Fb",
  "/input/principal_id/x",
  { op: "upsert", path: "/input/note", value: "**" },
  { op: "upsert", path: "/input/fresh/member", value: [1] },
  { op: "upsert", path: "/input/principal_id/x", value: 1 },
  { op: "remove", path: "/result/headers" },
]
const input = {
  principal_id: "ann@example.com",
  method: "GET",
  path: "/workspaces/ml/models?token=s3cret",
  password: "s3cret",
  note: "private",
  list: [1, 2, 3],
  "a/b": 1,
}
const policy = `package authz
default allow := {"allowed": false, "headers": {"X-NMP-Authorized": "false"}}
allow := {"allowed": true, "headers": {"X-NMP-Authorized": "true"}} if input.principal_id == "ann@example.com"
`

/** A real OPA that uploads its decisions here at once. */
async function uploadingOpa(masks: readonly MaskRule[], receive: (body: Buffer, partition: string) => Promise<unknown>): Promise<string> {
  const folder = temporaryFolder()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      receive(Buffer.concat(chunks), (request.url ?? "").slice("/logs/".length)).then(
        () => response.writeHead(200).end(),
        () => response.writeHead(500).end(),
      )
    })
  })
  const config = {
    services: { portcullis: { url: await listening(server) } },
    labels: { region: "west" },
    decision_logs: { service: "portcullis", partition_name: "west", reporting: { min_delay_seconds: 1, max_delay_seconds: 1 } },
  }
  // At a log level below info an OPA leaves `requested_by` and `req_id` out.
  writeFileSync(join(folder, "config.json"), JSON.stringify(config))
  writeFileSync(join(folder, "authz.rego"), policy)
  writeFileSync(join(folder, "mask.rego"), `package system.log\nmask contains rule if some rule in ${JSON.stringify(masks)}\n`)
  const port = await freePort()
  const args = ["run", "--server", "--addr", `127.0.0.1:${port}`, "--config-file", join(folder, "config.json"), "--log-level", "info"]
  const child = spawn(process.env["OPA_BIN"] ?? "opa", [...args, join(folder, "authz.rego"), join(folder, "mask.rego")], { stdio: "ignore" })
  onTestFinished(async () => {
    if (child.exitCode === null) {
      child.kill("SIGTERM")
      await once(child, "exit")
    }
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${port}`
  await until(async () => (await fetch(`${url}/health`)).ok)
  return url
}

async function ask(url: string, question: unknown): Promise<void> {
  await fetch(`${url}/v1/data/authz/allow`, {
    method: "POST",
    body: JSON.stringify({ input: question }),
    headers: { Authorization: "Bearer s3cret", "X-Request-Id": "req-1" },
  })
}

it("the uploads of a real OPA are taken, masked, and once only", async () => {
  const sink = keepingSink()
  const log = createDecisionLog({ sinks: [sink] })
  const intake = decisionLogIntake({ log })
  const bodies: Buffer[] = []
  const url = await uploadingOpa([], async (body, partition) => {
    bodies.push(body)
    await intake.receive(body, { name: "edge", partition })
  })
  for (let at = 0; at < 50; at++) await ask(url, { ...input, principal_id: at % 2 === 0 ? "ann@example.com" : "zoe" })
  await until(async () => sink.lines.length === 50)
  for (const body of bodies) expect(await intake.receive(body, { name: "edge" })).toMatchObject({ taken: 0 })
  expect(sink.lines.join()).not.toMatch(/s3cret|password/)
  expect(sink.events()[0]).toMatchObject({
    labels: { region: "west" },
    path: "authz/allow",
    input: { principal_id: "ann@example.com", path: "/workspaces/ml/models" },
    allowed: true,
    received: { from: "edge", partition: "west" },
  })
  await log.close()
})

it("our events have the members of a real OPA's, of the same types", async () => {
  const theirs: Json[] = []
  const url = await uploadingOpa([], async (body) => void theirs.push(...eventsIn(body)))
  await ask(url, input)
  await until(async () => theirs.length === 1)

  const sink = keepingSink()
  const log = createDecisionLog({ sinks: [sink] })
  const pdp = await createPdp({ source: memorySource([]), decisionLog: log })
  pdp.evaluate("authz/allow", input, { requestedBy: "127.0.0.1:1", requestNumber: 1, requestId: "req-1" })
  await log.close()
  await pdp.close()
  const [ours = {}] = sink.events()
  const [opas = {}] = theirs
  const shape = (event: Json) =>
    Object.fromEntries(Object.entries(event).map(([name, value]) => [name, Array.isArray(value) ? "array" : typeof value]))
  expect(shape(ours)).toMatchObject(shape(opas))
  expect(Object.keys(shape(opas))).toEqual(
    expect.arrayContaining(["labels", "decision_id", "path", "input", "result", "requested_by", "timestamp", "metrics", "req_id"]),
  )
  for (const [name, pattern] of [
    ["decision_id", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ["timestamp", /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/],
    ["requested_by", /^[\d.]+:\d+$/],
  ] as const) {
    expect(ours[name], name).toMatch(pattern)
    expect(opas[name], name).toMatch(pattern)
  }
  const timers = (event: Json) => JSON.stringify(event["metrics"]).includes('"timer_rego_query_eval_ns":')
  expect([timers(ours), timers(opas)]).toEqual([true, true])
  expect(Object.keys(ours["labels"] ?? {})).toEqual(expect.arrayContaining(["id", "version"]))
})

it("masks do what a real OPA does with them", async () => {
  const theirs: Json[] = []
  const url = await uploadingOpa(rules, async (body) => void theirs.push(...eventsIn(body)))
  await ask(url, input)
  await until(async () => theirs.length === 1)
  const [event = {}] = theirs
  const result = { allowed: true, headers: { "X-NMP-Authorized": "true" } }
  const ours = withMasks({ labels: {}, decision_id: "", timestamp: "", input, result }, rules)
  expect(ours.input).toEqual(event["input"])
  expect(ours.result).toEqual(event["result"])
  expect(new Set(ours.erased)).toEqual(new Set(textsOf(event["erased"])))
  expect(new Set(ours.masked)).toEqual(new Set(textsOf(event["masked"])))
})

function eventsIn(body: Buffer): readonly Json[] {
  return JSON.parse(gunzipSync(body).toString())
}

function textsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
