import type { Socket } from "node:net"
import type { Listening } from "./listen.js"
import type { Work } from "./work.js"

/** How long a stop may take. */
export interface StopLimits {
  /** By when a request must have arrived completely. */
  readonly deadlineMs: number
  /** After this, nobody is waited for. */
  readonly graceMs: number
}

/**
 * Stops listening and lets requests in work finish. Connections on which nothing is asked, or TLS is not spoken yet, close soon, and requests that come too slowly
 * get their 408 here, because Node no longer looks for them once the server is closed.
 */
export async function stop(listening: Listening, work: Pick<Work, "responses">, limits: StopLimits): Promise<void> {
  const { server } = listening
  const closeIdle = () => void setImmediate(() => server.closeIdleConnections())
  for (const response of work.responses()) response.once("close", closeIdle)
  await new Promise<void>((resolve) => {
    const soon = setTimeout(() => closeSilent(listening), silentMs)
    const late = setTimeout(() => timeOutIncomplete(listening, work), limits.deadlineMs)
    const cut = setTimeout(() => listening.cutOff(), limits.graceMs)
    server.close(() => {
      clearTimeout(soon)
      clearTimeout(late)
      clearTimeout(cut)
      resolve()
    })
  })
}

/** Long enough for what a client sent before the stop to be read. */
const silentMs = 100

/** Whoever is about TLS still could only be told that nobody is served any more. */
function closeSilent({ sockets, handshakes }: Listening): void {
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  for (const socket of handshakes()) socket.destroy()
}

function timeOutIncomplete({ sockets, timeOut }: Listening, work: Pick<Work, "responses">): void {
  const arrived = new Set<Socket | null>()
  for (const { req, socket } of work.responses()) if (req.complete) arrived.add(socket)
  for (const socket of sockets) if (!arrived.has(socket)) timeOut(socket)
}
