import type { Builtin } from "./builtins.js"

/**
 * `print(…)` of policies that were built with `--wasm-include-print`, as OPA prints: values joined by a space, one line for each combination
 * of an argument's values, `<undefined>` for none.
 */
export function printBuiltin(print: (line: string) => void): Builtin {
  return (args: readonly (readonly unknown[])[]) => {
    for (const line of linesOf(args)) print(line)
    return true
  }
}

function linesOf(args: readonly (readonly unknown[])[]): readonly string[] {
  const texts = args.map((values) => (values.length === 0 ? ["<undefined>"] : values.map(textOf)))
  return texts
    .reduce((lines, alternatives) => lines.flatMap((line) => alternatives.map((text) => `${line} ${text}`)), [""])
    .map((line) => line.slice(1))
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value)
}
