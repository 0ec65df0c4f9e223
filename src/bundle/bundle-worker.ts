import { parentPort } from "node:worker_threads"
import { messageOf } from "../errors.js"
import { shardTable, type ShardTable } from "./shard-table.js"
import type { TableAnswer, TableCall } from "./table-call.js"

if (!parentPort) throw new Error("this module runs in a worker thread")
const port = parentPort
const table = shardTable(async () => {})
let working: Promise<void> = Promise.resolve()
port.on("message", (call: TableCall) => {
  working = working.then(async () => {
    const answer = await answerTo(call)
    port.postMessage(answer, moved(answer.result))
  })
})

async function answerTo(call: TableCall): Promise<TableAnswer> {
  try {
    return { id: call.id, result: await resultOf(table, call) }
  } catch (thrown) {
    return { id: call.id, problem: messageOf(thrown) }
  }
}

/** An archive is handed over, not copied. */
function moved(result: unknown): readonly ArrayBuffer[] {
  if (typeof result !== "object" || result === null || !("bytes" in result) || !(result.bytes instanceof Uint8Array)) return []
  const { buffer, byteLength } = result.bytes
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : []
}

async function resultOf({ load, amend, finish, edit, pack, close }: ShardTable, call: TableCall): Promise<unknown> {
  switch (call.op) {
    case "load":
      return load(call.rows)
    case "amend":
      return amend(call.rows)
    case "finish":
      return finish()
    case "edit":
      return edit(call.rows)
    case "pack":
      return pack(call.files, call.shards)
    case "close":
      return close()
  }
}
