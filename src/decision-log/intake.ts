import { setImmediate as nextTurn } from "node:timers/promises"
import { promisify } from "node:util"
import { gunzip } from "node:zlib"
import { messageOf, PdpError } from "../errors.js"
import { scanJson } from "../model/json-scanner.js"
import type { DecisionLog } from "./decision-log.js"
import type { LogEvent } from "./event.js"
import { receivedEvent, ReceivedEvents } from "./received-event.js"
import { seenIds } from "./seen-ids.js"

/** Options of {@link decisionLogIntake}. */
export interface IntakeOptions {
  readonly log: Pick<DecisionLog, "receive">
  /** Bytes of one upload once inflated. Default 4 MiB. */
  readonly mostBytes?: number
  /** Decision ids that are remembered, to know what comes again. Default 100,000. */
  readonly rememberedIds?: number
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** Who sends events, as far as that is proven: the name of a token, or of a peer. */
export interface LogSender {
  readonly name: string
  /** The path after `/logs/`. */
  readonly partition?: string
}

/** Takes what OPAs upload as decision logs. */
export interface DecisionLogIntake {
  /**
   * @param body of `POST /logs`, gzipped or not: a JSON array of events
   * @returns how many were new; those that came before are left out
   * @throws {PdpError} `ERR_TOO_LARGE`, `ERR_INPUT_INVALID`, or `ERR_OVERLOADED`: send it again later, nothing was taken
   */
  receive(body: Buffer, sender: LogSender): Promise<{ readonly taken: number; readonly duplicates: number }>
}

/** Merges the decision logs of OPAs into ours. */
export function decisionLogIntake({ log, mostBytes = 4 * 1_048_576, rememberedIds = 100_000, now = Date.now }: IntakeOptions): DecisionLogIntake {
  const seen = seenIds(rememberedIds)
  return {
    async receive(body, sender) {
      const at = now()
      const sent = eventsIn(await inflated(body, mostBytes))
      const fresh: LogEvent[] = []
      const ids = new Set<string>()
      for (const [index, event] of sent.entries()) {
        if (index % sliceEvents === sliceEvents - 1) await nextTurn()
        const id = `${sender.name}\n${event.decision_id ?? ""}`
        if (event.decision_id !== undefined && (ids.has(id) || seen.has(id))) continue
        if (event.decision_id !== undefined) ids.add(id)
        fresh.push(receivedEvent(event, sender, at))
      }
      const duplicates = sent.length - fresh.length
      if (!log.receive(fresh, duplicates))
        throw new PdpError("ERR_OVERLOADED", "the decision log has no room for events of others at present; send them again later")
      for (const id of ids) seen.add(id)
      return { taken: fresh.length, duplicates }
    },
  }
}

const sliceEvents = 100
const scanLimits = { depth: 128, keys: 10_000, values: 1_000_000 }
const inflate = promisify(gunzip)

async function inflated(body: Buffer, mostBytes: number): Promise<Buffer> {
  const isGzip = body[0] === 0x1f && body[1] === 0x8b
  if (!isGzip && body.length > mostBytes) throw tooLarge(mostBytes)
  if (!isGzip) return body
  try {
    return await inflate(body, { maxOutputLength: mostBytes })
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(mostBytes)
    throw new PdpError("ERR_INPUT_INVALID", `the body is not gzip: ${messageOf(cause)}`, { cause })
  }
}

function tooLarge(mostBytes: number): PdpError {
  return new PdpError(
    "ERR_TOO_LARGE",
    `the decision logs have more than ${mostBytes} bytes once inflated; lower decision_logs.reporting.upload_size_limit_bytes in OPA's configuration`,
  )
}

function eventsIn(text: Buffer): ReceivedEvents {
  const found = scanJson(text, scanLimits)
  if (found) throw new PdpError("ERR_INPUT_INVALID", `the body holds ${found.problem}, at byte ${found.offset}`)
  const checked = ReceivedEvents.safeParse(parsed(text))
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  throw new PdpError(
    "ERR_INPUT_INVALID",
    `the body is no list of decision log events: ${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? ""}`,
  )
}

/** The errors of `JSON.parse` show the text. */
function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString("utf8"))
  } catch {
    throw new PdpError("ERR_INPUT_INVALID", "the body is not JSON; send a JSON array of events")
  }
}
