import { messageOf, PdpError } from "../errors.js"

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

/** What people read about a failure: no stack for what we expected to go wrong, and nothing from elsewhere that would steer their terminal. */
export function failureText(thrown: unknown): string {
  if (thrown instanceof PdpError) return `portcullis: ${thrown.message.replace(/[^\P{C}\n\t]/gu, " ")}\n`
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown)
  return `portcullis: unexpected error: ${detail}\n`
}
