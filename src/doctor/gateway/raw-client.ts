import { connect, type Socket } from "node:net"
import { connect as connectSecurely } from "node:tls"
import { messageOf } from "../../errors.js"
import { isLoopback } from "../../model/loopback.js"
import { tlsProblem } from "../../outgoing/index.js"
import { mostBodyBytes, mostHeadBytes, readAnswer, type RawAnswer } from "./raw-answer.js"
import { requestBytes, type RawRequest } from "./raw-request.js"

/** Where requests go, and how. */
export interface RawClientOptions {
  /** Scheme, host and port. Nothing else is ever connected to. */
  readonly origin: URL
  /** How long an answer may take, connecting included. */
  readonly timeoutMs: number
  /** PEM of the authorities whose certificates are believed; default: those that Node believes. */
  readonly ca?: string | undefined
  /** Believes every certificate. */
  readonly insecure?: boolean | undefined
}

/** No answer came. */
export interface NoAnswer {
  /**
   * `unreachable`: no connection was made. `closed`: the connection ended. `silent`: nothing came in time. `unreadable`: what came is no HTTP/1.1.
   * `unsent`: no more requests may be sent.
   */
  readonly lost: "unreachable" | "closed" | "silent" | "unreadable" | "unsent"
  readonly why: string
  readonly remedy?: string
}

/** An answer, or why there is none. */
export type RawReply = RawAnswer | NoAnswer

/**
 * Sends one request over a connection of its own, and reads the answer. Follows no redirect, unpacks nothing, retries nothing: what it sends is what
 * stands in the request, which HTTP libraries would tidy up.
 */
export function rawClient(options: RawClientOptions): (request: RawRequest) => Promise<RawReply> {
  const { timeoutMs } = options
  return (request) =>
    new Promise((resolve) => {
      const bytes = requestBytes(request)
      const socket = connected(options, () => void socket.write(bytes))
      const timer = setTimeout(() => end({ lost: "silent", why: `nothing came in ${timeoutMs} ms` }), timeoutMs)
      const received: Buffer[] = []
      let size = 0
      let isConnected = false
      const end = (reply: RawReply): void => {
        clearTimeout(timer)
        socket.destroy()
        resolve(reply)
      }
      const look = (isOver: boolean, why: string): void => {
        const soFar = readAnswer(Buffer.concat(received, size), request.method === "HEAD", isOver)
        if (typeof soFar === "object") {
          if (soFar.isWhole) end(soFar.answer)
        } else if (size > 0 && soFar === "unreadable") end({ lost: "unreadable", why: "what came is no answer of HTTP/1.1" })
        else if (isOver) end({ lost: "closed", why })
      }
      socket.on(options.origin.protocol === "https:" ? "secureConnect" : "connect", () => (isConnected = true))
      socket.on("data", (chunk: Buffer) => {
        received.push(chunk)
        size += chunk.length
        look(size > mostHeadBytes + mostBodyBytes, "the answer is too long")
      })
      socket.on("end", () => look(true, "the connection was closed"))
      socket.on("error", (error) => (isConnected ? look(true, messageOf(error)) : end(unreachable(options.origin, error))))
    })
}

function connected({ origin, ca, insecure }: RawClientOptions, onConnect: () => void): Socket {
  const host = origin.hostname.replace(/^\[|\]$/g, "")
  if (origin.protocol !== "https:") return connect({ host, port: Number(origin.port || 80) }, onConnect)
  const named = /^[\d.]+$|:/.test(host) ? {} : { servername: host }
  const believed = { ...(ca !== undefined && { ca }), rejectUnauthorized: insecure !== true }
  return connectSecurely({ host, port: Number(origin.port || 443), ALPNProtocols: ["http/1.1"], ...named, ...believed }, onConnect)
}

function unreachable(origin: URL, error: Error): NoAnswer {
  const tls = tlsProblem(origin, error)
  if (tls) return { lost: "unreachable", why: tls.problem, remedy: `${tls.remedy}; or name the certificate of that authority with --ca` }
  const where = isLoopback(origin.hostname) ? "start the gateway" : "look whether this machine may reach the gateway"
  return { lost: "unreachable", why: messageOf(error) || "no address took the connection", remedy: `${where}, or name another URL` }
}
