import type { AuthorizationRequest } from "../../src/index.js"
import { ring } from "../ring.js"
import { interleaved } from "../rounds.js"
import { atMost, figure, ratio, type Row } from "../row.js"
import type { Arena } from "./arena.js"

const batchSize = 50

/** P5: `authorizeMany` of 50 requests beside 50 times `authorize`. */
export function batches({ world, pdp }: Arena): readonly Row[] {
  const requests = world.questions.map(({ request }) => request)
  const kinds = [
    { name: "one caller, 50 paths", batches: batchesOf(requests).map(byFirstCaller) },
    { name: "50 callers", batches: batchesOf(requests) },
  ]
  return kinds.map(({ name, batches }): Row => {
    const batch = ring(batches)
    const times = interleaved([
      { name: "many", units: batchSize, run: (at) => pdp.authorizeMany(batch(at)) },
      { name: "single", units: batchSize, run: (at) => batch(at).map((request) => pdp.authorize(request)) },
    ])
    const many = times.get("many") ?? []
    const toSingle = ratio(many, times.get("single") ?? [], "50 authorize")
    return {
      part: "decision",
      what: `authorizeMany of 50, per decision, ${name}`,
      ...figure(many, "µs"),
      ...toSingle,
      ...atMost("P5", 0.7, "×", toSingle.ratio),
    }
  })
}

function batchesOf(requests: readonly AuthorizationRequest[]): readonly (readonly AuthorizationRequest[])[] {
  return Array.from({ length: Math.floor(requests.length / batchSize) }, (_, at) => requests.slice(at * batchSize, (at + 1) * batchSize))
}

/** What one service page asks: the same caller and workspace, one path after the other. */
function byFirstCaller(batch: readonly AuthorizationRequest[]): readonly AuthorizationRequest[] {
  const [first] = batch
  if (!first) return []
  const workspace = /\/workspaces\/([^/]+)/.exec(first.path)?.[1] ?? ""
  return batch.map(({ method, path }) => ({
    principal: first.principal,
    method,
    path: path.replace(/\/workspaces\/[^/]+/, `/workspaces/${workspace}`),
  }))
}
