import type { Command } from "commander"
import { z } from "zod"
import { printable } from "../model/printable.js"
import type { Terminal } from "./terminal.js"

/** What a write answers besides its result. */
export const WriteAnswer = z.looseObject({ revision: z.string().optional(), propagated: z.boolean().optional() })

/** What the flag of {@link withPropagationOption} parses to. */
export interface PropagationOptions {
  readonly waitRolePropagation: boolean
}

/** Adds `--no-wait-role-propagation`. */
export function withPropagationOption(command: Command): Command {
  return command.option("--no-wait-role-propagation", "do not wait until decisions reflect it")
}

/** The query that says whether to wait. */
export function propagationQuery({ waitRolePropagation }: PropagationOptions): Readonly<Record<string, string>> {
  return { wait_role_propagation: String(waitRolePropagation) }
}

/** Says when decisions do not reflect a write yet. */
export function tellPropagation(
  { revision = "unknown", propagated }: z.infer<typeof WriteAnswer>,
  { waitRolePropagation }: PropagationOptions,
  terminal: Terminal,
): void {
  if (propagated !== false) return
  const why = waitRolePropagation
    ? "but within the sidecar's time limit decisions did not come to reflect it; they will"
    : "and not waited for: decisions will reflect it soon"
  terminal.err(`portcullis: it is stored as revision ${printable(revision)}, ${why}\n`)
}
