import { z } from "zod"
import { isLoopback } from "../model/loopback.js"
import type { ListenAddress } from "../server/index.js"

/** `HOST:PORT` of a loopback address; IPv6 in brackets. */
export const Listen = z.string().superRefine((text, context) => {
  const listen = splitListen(text)
  if (!listen) context.addIssue({ code: "custom", message: "is not HOST:PORT, such as 127.0.0.1:8181 or [::1]:8181" })
  else if (!isLoopback(listen.host))
    context.addIssue({
      code: "custom",
      message: "is no loopback address; callers are not authenticated yet, so only this machine may ask: use 127.0.0.1",
    })
})

/** Reads a text that {@link Listen} accepted. */
export function parseListen(text: string): ListenAddress {
  return splitListen(text) ?? { host: "127.0.0.1", port: 0 }
}

function splitListen(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):([0-9]{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host === undefined || port > 65_535 ? undefined : { host, port }
}
