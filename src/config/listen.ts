import { z } from "zod"
import { isLoopback } from "../model/loopback.js"
import type { ListenAddress, SocketPath } from "../server/index.js"

/** `HOST:PORT`, IPv6 in brackets. */
export const ListenHostPort = z.string().superRefine((text, context) => {
  if (!splitListen(text)) context.addIssue({ code: "custom", message: noHostPort })
})

/** `HOST:PORT`, or `unix:` and the absolute path of a socket. */
export const Listen = z.string().superRefine((text, context) => {
  const problem = text.startsWith(unix) ? socketProblem(text.slice(unix.length)) : splitListen(text) ? undefined : noHostPort
  if (problem !== undefined) context.addIssue({ code: "custom", message: problem })
})

/** Reads a text that {@link Listen} accepted. */
export function parseListen(text: string): ListenAddress | SocketPath {
  return text.startsWith(unix) ? { path: text.slice(unix.length) } : parseHostPort(text)
}

/** Reads a text that {@link ListenHostPort} accepted. */
export function parseHostPort(text: string): ListenAddress {
  return splitListen(text) ?? { host: "127.0.0.1", port: 0 }
}

/** True when only this machine can connect there: a loopback address, or a UNIX domain socket. */
export function isLocalListen(text: string): boolean {
  const listen = parseListen(text)
  return "path" in listen || isLoopback(listen.host)
}

const unix = "unix:"
const noHostPort = "is not HOST:PORT, such as 127.0.0.1:8181 or [::1]:8181"

/** What the address of a socket holds on Linux, without the end mark. */
const mostPathBytes = 107

function socketProblem(path: string): string | undefined {
  if (!path.startsWith("/")) return "is not the absolute path of a socket, such as unix:/run/portcullis/portcullis.sock"
  if (path.endsWith("/") || path.includes("\0")) return "names no file; write one such as unix:/run/portcullis/portcullis.sock"
  return Buffer.byteLength(path) > mostPathBytes ? `is longer than the ${mostPathBytes} bytes that the path of a socket may have` : undefined
}

function splitListen(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):([0-9]{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host === undefined || port > 65_535 ? undefined : { host, port }
}
