import type { ServerResponse } from "node:http"

/** Aborts when the caller is gone, or has been answered. */
export function goneSignal(response: Pick<ServerResponse, "once" | "destroyed">): AbortSignal {
  const gone = new AbortController()
  if (response.destroyed) gone.abort()
  response.once("close", () => gone.abort())
  return gone.signal
}
