import { messageOf, PdpError } from "../errors.js"
import { printableLines } from "../model/printable.js"

/** What the process answers its caller with. */
export const exitCodes = { ok: 0, error: 1, usage: 2, denied: 3, badConfiguration: 78 } as const

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The exit code for what a command threw. An address that is taken is no fault of the configuration. */
export function exitCodeOf(thrown: unknown): ExitCode {
  if (thrown instanceof PdpError && (thrown.code === "ERR_DENIED" || thrown.code === "ERR_UNAUTHENTICATED")) return exitCodes.denied
  if (!(thrown instanceof PdpError) || thrown.code !== "ERR_CONFIG_INVALID") return exitCodes.error
  return thrown.cause instanceof Error && "syscall" in thrown.cause && thrown.cause.syscall === "listen"
    ? exitCodes.error
    : exitCodes.badConfiguration
}

/**
 * What people read about a failure: no stack for what we expected to go wrong, and nothing from elsewhere that would steer their terminal. A refused login
 * begins with its cause, by which the documentation lists it.
 */
export function failureText(thrown: unknown): string {
  if (thrown instanceof PdpError) return `portcullis: ${printableLines(withReason(thrown))}\n`
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown)
  return `portcullis: unexpected error: ${printableLines(detail)}\n`
}

function withReason({ code, reason, message }: PdpError): string {
  const isNamed = message.split("\n").some((line) => line.startsWith(`${reason}: `))
  if (code !== "ERR_UNAUTHENTICATED" || reason === undefined || isNamed) return message
  return `${reason}: ${message}`
}
