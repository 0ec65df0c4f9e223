import { connect, type Socket } from "node:net"
import { monotonicMs } from "../propagation/monotonic.js"
import type { Answered } from "./waiters-messages.js"

/**
 * `waiters PORT COUNT TAG MODES`: waits for news of bundle `authz` on so many connections, and tells its parent when the last byte of the last answer has
 * come.
 */
const [port, count, tag = "", modes = ""] = process.argv.slice(2)
const answers = { done: 0, bytes: 0 }
/** More at a time than a server's backlog holds come a second or more later. */
const atOnce = 128
let begun = 0
for (let first = 0; first < atOnce; first++) poll()

function poll(): void {
  if (begun === Number(count)) return
  const at = begun++
  const socket = connect(Number(port), "127.0.0.1", () => {
    socket.write(requestOf(at))
    poll()
  })
  watch(socket)
}

function requestOf(at: number): string {
  const lines = [
    "GET /bundles/authz.tar.gz HTTP/1.1",
    "Host: localhost",
    `User-Agent: Open Policy Agent/1.20.2 (${at})`,
    "X-NMP-Principal-Id: service:opa",
    `Prefer: modes=${modes};wait=50`,
    `If-None-Match: ${tag}`,
  ]
  return `${lines.join("\r\n")}\r\n\r\n`
}

function watch(socket: Socket): void {
  let head = ""
  let missing = Number.NaN
  socket.on("data", (chunk) => {
    answers.bytes += chunk.length
    if (Number.isNaN(missing)) {
      head += chunk.toString("latin1")
      const end = head.indexOf("\r\n\r\n")
      if (end < 0) return
      if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(`a waiter got ${head.slice(0, 40)}`)
      missing = Number(/^content-length: (\d+)$/im.exec(head.slice(0, end).replaceAll("\r", ""))?.[1]) - (head.length - end - 4)
    } else missing -= chunk.length
    if (missing > 0) return
    socket.destroy()
    if (++answers.done === Number(count)) tell({ atMs: monotonicMs(), bytes: answers.bytes })
  })
}

function tell(answered: Answered): void {
  process.send?.(answered, () => process.exit(0))
}
