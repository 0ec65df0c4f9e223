/** Where a value of the configuration was set. */
export type Origin =
  | { readonly kind: "default" }
  | { readonly kind: "file"; readonly file: string; readonly line: number }
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "flag"; readonly name: string }

/** A value that somebody set, not checked yet. */
export interface Given {
  readonly value: unknown
  readonly origin: Origin
  /** Where a part of the value was set. Absent: where all of it was. */
  readonly originOf?: (path: readonly PropertyKey[]) => Origin
}

/** One thing that is wrong with the configuration; the text names place, value and remedy. */
export type ConfigIssue = string

/** What one layer (file, environment, flags) sets, by key. */
export interface Layer {
  readonly given: ReadonlyMap<string, Given>
  readonly issues: readonly ConfigIssue[]
  /** What is ignored, and why. */
  readonly warnings: readonly string[]
}

/** The origin in words: `default`, `portcullis.yaml:3`, `env PORTCULLIS_PROFILE`, `flag --listen`. */
export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "default":
      return "default"
    case "file":
      return `${origin.file}:${origin.line}`
    case "env":
      return `env ${origin.name}`
    case "flag":
      return `flag ${origin.name}`
  }
}
