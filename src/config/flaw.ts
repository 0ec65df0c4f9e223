/** What is wrong with a value, or odd about it: its key, and why. */
export interface Flaw {
  readonly key: string
  /** Where in the value, for example `[1, "issuer"]`. Absent: all of it. */
  readonly path?: readonly PropertyKey[]
  /** Follows the key, and ends with the remedy. */
  readonly problem: string
}
