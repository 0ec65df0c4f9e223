import { connect, type Socket } from "node:net"
import { connect as connectSecurely } from "node:tls"
import { messageOf } from "../../errors.js"
import { isLoopback } from "../../model/loopback.js"
import { tlsProblem } from "../../outgoing/index.js"
import { answerReader, type AnswerSoFar } from "./answer-reader.js"
import type { RawAnswer } from "./raw-answer.js"
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
   * `unsent`: no more requests may be sent. `unspoken`: that version of HTTP is not spoken.
   */
  readonly lost: "unreachable" | "closed" | "silent" | "unreadable" | "unsent" | "unspoken"
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
      const reader = answerReader(request.method === "HEAD")
      const socket = connected(options)
      const end = (reply: RawReply): void => {
        clearTimeout(timer)
        socket.destroy()
        resolve(reply)
      }
      let isConnected = false
      let hasBegun = false
      /** Takes the answer if there is one. A throw out of an event of a socket would end the process. */
      const look = (read: () => AnswerSoFar, otherwise?: NoAnswer): void => {
        try {
          const soFar = read()
          if (typeof soFar === "object") end(soFar)
          else if (otherwise) end(otherwise)
          else if (soFar === "unreadable") end(unreadable)
        } catch (thrown) {
          end({ ...unreadable, why: messageOf(thrown) })
        }
      }
      const over = (why: string): void => look(reader.end, hasBegun ? unreadable : { lost: "closed", why })
      const late = (): NoAnswer => ({
        lost: hasBegun ? "unreadable" : "silent",
        why: `no ${hasBegun ? "whole head of an answer" : "answer"} came in ${timeoutMs} ms`,
      })
      const timer = setTimeout(() => look(reader.end, late()), timeoutMs)
      socket.on(options.origin.protocol === "https:" ? "secureConnect" : "connect", () => {
        isConnected = true
        look(() => {
          socket.write(requestBytes(request))
          return "incomplete"
        })
      })
      socket.on("data", (chunk: Buffer) => {
        hasBegun = true
        look(() => reader.read(chunk))
      })
      socket.on("end", () => over("the connection was closed"))
      socket.on("error", (error) => (isConnected ? over(messageOf(error)) : end(unreachable(options.origin, error))))
    })
}

const unreadable: NoAnswer = { lost: "unreadable", why: "what came is no answer of HTTP/1.1" }

function connected({ origin, ca, insecure }: RawClientOptions): Socket {
  const host = origin.hostname.replace(/^\[|\]$/g, "")
  if (origin.protocol !== "https:") return connect({ host, port: Number(origin.port || 80) })
  const named = /^[\d.]+$|:/.test(host) ? {} : { servername: host }
  const believed = { ...(ca !== undefined && { ca }), rejectUnauthorized: insecure !== true }
  return connectSecurely({ host, port: Number(origin.port || 443), ALPNProtocols: ["http/1.1"], ...named, ...believed })
}

function unreachable(origin: URL, error: Error): NoAnswer {
  const tls = tlsProblem(origin, error)
  if (tls) return { lost: "unreachable", why: tls.problem, remedy: `${tls.remedy}; or name the certificate of that authority with --ca` }
  const where = isLoopback(origin.hostname) ? "start the gateway" : "look whether this machine may reach the gateway"
  return { lost: "unreachable", why: messageOf(error) || "no address took the connection", remedy: `${where}, or name another URL` }
}
