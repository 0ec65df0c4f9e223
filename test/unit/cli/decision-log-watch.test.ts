import { expect, it } from "vitest"
import { logDecisionLog } from "../../../src/cli/decision-log-watch.js"
import { textLog } from "../../../src/cli/log-stream.js"
import type { Sink } from "../../../src/decision-log/index.js"
import { createLogger } from "../../../src/telemetry/index.js"
import { logWorld, manualTimers, policy, question } from "../decision-log/world.js"

/** A watched log, and what has been said since the last time. */
function watched(write: Sink["write"] = async () => undefined) {
  const sink: Sink = { name: "kept", write, close: async () => undefined }
  const { log, timers } = logWorld({ sinks: [sink], queueEvents: 10 })
  const [lines, watching]: [string[], ReturnType<typeof manualTimers>] = [[], manualTimers()]
  const logger = createLogger({ level: "info", stream: textLog((line) => void lines.push(line.slice("00:00:00 ".length).trimEnd())) })
  const stop = logDecisionLog(log, logger, watching)
  const recorder = log.recorder(policy)
  const decide = (count: number): void => {
    for (let at = 0; at < count; at++) recorder.question(question, { path: "authz/allow", allowed: true, revision: "a", startedAt: recorder.clock() })
  }
  const said = async (): Promise<readonly string[]> => {
    await watching.advance(10_000)
    return lines.splice(0)
  }
  return { decide, said, stop, timers, log, lines, watching }
}

it("says once that a sink fails, and that it works again", async () => {
  let isAway = true
  const { decide, said, timers } = watched(async () => {
    if (isAway) throw new Error("no room")
  })
  expect(await said()).toEqual([])
  decide(1)
  await timers.advance(25)
  expect(await said()).toEqual([expect.stringMatching(/^WARN a sink of the decision log fails.*sink=kept reason=no room/)])
  expect(await said()).toEqual([])
  isAway = false
  await timers.advance(60_000)
  expect(await said()).toEqual([expect.stringMatching(/^INFO the sink of the decision log works again sink=kept/)])
})

it("says at the next second that a sink fails, and nothing more within ten", async () => {
  let isAway = true
  const { decide, timers, lines, watching } = watched(async () => {
    if (isAway) throw new Error("no room")
  })
  decide(1)
  await timers.advance(25)
  await watching.advance(1_000)
  expect(lines).toEqual([expect.stringContaining("a sink of the decision log fails")])
  isAway = false
  await timers.advance(60_000)
  await watching.advance(9_000)
  expect(lines).toHaveLength(1)
  await watching.advance(1_000)
  expect(lines).toHaveLength(2)
})

it("says how many decisions were lost since, by cause, and not those that are meant to be", async () => {
  const { decide, said, log } = watched()
  decide(15)
  expect(await said()).toEqual([expect.stringMatching(/^WARN decisions are missing in the decision log.*lost=\{"queue_full":5\}/)])
  expect(await said()).toEqual([])
  log.receive([], 3)
  expect(await said()).toEqual([])
})

it("looks once more at the end, and not again", async () => {
  const { decide, stop, lines, watching } = watched()
  decide(11)
  stop()
  expect(lines).toEqual([expect.stringContaining('lost={"queue_full":1}')])
  expect(watching.pending).toBe(0)
})
