import { styleText } from "node:util"

/** What a command may touch of the process; tests pass their own. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workingFolder: string
  /** Where people keep what is their own. */
  readonly homeFolder: string
  /** Results. */
  readonly out: (text: string) => void
  /** Resolves when so much of the results has been taken that more may follow. */
  readonly drained: () => Promise<void>
  /** Everything else. */
  readonly err: (text: string) => void
  /** True when results go to a terminal that wants colours. */
  readonly colour: boolean
  /** True when everything else goes to a terminal, where long work says how far it is. */
  readonly showsProgress: boolean
  /** Everything that is piped in. */
  readonly input: () => Promise<string>
  /** Shows a page in a browser. Fails when there is none. */
  readonly openPage: (url: string) => Promise<void>
  /** In ms since the epoch. */
  readonly now: () => number
  /** Resolves later. */
  readonly pause: (ms: number) => Promise<void>
  /** Calls back at the first SIGTERM or SIGINT; the second one ends the process at once. */
  readonly onStop: (stop: () => void) => void
  /** Calls back when the process ends, however it does, but by SIGKILL; only what is done at once is done then. @returns no longer */
  readonly onExit: (work: () => void) => () => void
}

/** A word in colour, when colours are wanted. */
export function painted(terminal: Terminal, colour: "green" | "red" | "bold" | "dim", text: string): string {
  return terminal.colour ? styleText(colour, text) : text
}
