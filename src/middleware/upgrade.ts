import { STATUS_CODES } from "node:http"
import { admission, type Admission } from "./admission.js"
import { admissionRequest, type Incoming, type Outgoing } from "./incoming.js"
import type { AdmissionOptions } from "./options.js"
import type { RefusedAnswer } from "./refused-answer.js"

/** A request for another protocol, from the `upgrade` event of Node's server. */
export interface UpgradeRequest extends Incoming {
  portcullis?: Admission
}

/** The socket of the same event. */
export interface UpgradeSocket extends Outgoing {
  on(event: "error", listener: (error: Error) => void): unknown
  off(event: "error", listener: (error: Error) => void): unknown
  end(text: string): unknown
}

/**
 * Lets in requests for WebSockets, which middlewares do not see: they are decided on as what they are, a `GET` of their target.
 *
 * `if (await admit(request, socket)) webSockets.handleUpgrade(request, socket, head, …)`; `request.portcullis` says who that is.
 *
 * @returns true when the request may go on; false when it has been answered, or its caller is gone
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the option
 */
export function admitUpgrades(options: AdmissionOptions): (request: UpgradeRequest, socket: UpgradeSocket) => Promise<boolean> {
  const admit = admission(options)
  return async (request, socket) => {
    socket.on("error", ignoreGone)
    const outcome = await admit(admissionRequest(request, socket))
    if (socket.destroyed) return false
    if (outcome.kind === "refused") {
      socket.end(textOf(outcome.answer))
      return false
    }
    socket.off("error", ignoreGone)
    if (outcome.kind === "admitted") request.portcullis = outcome.admission
    return true
  }
}

/** A socket that breaks while it is decided on has nobody else who listens; that it is gone shows in `destroyed`. */
function ignoreGone(): void {}

function textOf({ status, headers, text }: RefusedAnswer): string {
  const lines = Object.entries({ ...headers, Connection: "close" }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${text}`
}
