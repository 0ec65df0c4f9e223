import type { IncomingMessage } from "node:http"
import type { Credentials } from "../authn/index.js"
import { isLoopback } from "../model/loopback.js"
import { isForwarded } from "./border.js"

/** What a request says about who sends it. Callers on this machine are trusted, unless a proxy passed the request on. */
export function credentialsOf(request: IncomingMessage): Credentials {
  const address = request.socket.remoteAddress?.replace(/^::ffff:/i, "") ?? ""
  return { rawHeaders: request.rawHeaders, trusted: isLoopback(address) && !isForwarded(request) }
}
