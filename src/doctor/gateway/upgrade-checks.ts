import { attemptsOn, findPassed } from "./closed.js"
import { failed } from "../finding.js"
import type { GatewayFinding } from "./gateway-finding.js"
import { replyText } from "./outcome.js"
import type { Probing } from "./probing.js"
import { said, type Question } from "./question.js"
import type { Stage } from "./stage.js"

/** Another protocol is judged before it is switched to; and behind HTTP/2 without TLS there would be requests that nobody judges. */
export async function checkUpgrade(probing: Probing, { guarded, allowed }: Stage): Promise<readonly GatewayFinding[]> {
  const closed = await findPassed(
    probing,
    "upgrade",
    "WebSocket and h2c",
    attemptsOn(guarded, "upgrade", () => [webSocket, cleartextHttp2]),
  )
  if (allowed === undefined) return closed
  const question: Question = { as: ["token"], target: allowed, ...cleartextHttp2 }
  const reply = await probing.ask(question)
  const isTunnel = !("lost" in reply) && reply.status === 101
  return isTunnel ? [...closed, failed("upgrade", `${said(question)}: answered ${replyText(reply)}`, probing.remedy("tunnel"))] : closed
}

const webSocket = {
  connection: "Upgrade",
  headers: [
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", "cG9ydGN1bGxpc2RvY3Rvcg=="],
  ],
} as const

/** RFC 7540 section 3.2. */
const cleartextHttp2 = {
  connection: "Upgrade, HTTP2-Settings",
  headers: [
    ["Upgrade", "h2c"],
    ["HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA"],
  ],
} as const
