/**
 * A compiled policy with its data. Wrappers (cache, tracer) have this interface, too.
 */
export interface Policy {
  /** Names that {@link evaluate} accepts, for example `authz/allow`. */
  readonly entrypoints: readonly string[]
  /**
   * Evaluates one entrypoint, as OPA does for `POST /v1/data/<entrypoint>`.
   *
   * @param input any JSON value; `undefined` is an undefined input
   * @returns the value, or `undefined` when the policy leaves it undefined
   * @throws {PdpError} `ERR_ENTRYPOINT_UNKNOWN`; `ERR_INPUT_INVALID` for what is not JSON or holds a lone surrogate; `ERR_EVALUATION`
   */
  evaluate(entrypoint: string, input: unknown): unknown
  /**
   * The same for an input that is JSON text already, well-formed in JSON and in Unicode: nothing checks it again.
   */
  evaluateText(entrypoint: string, inputJson: string): unknown
}

/** A {@link Policy} in WASM. Small results are shared and deeply frozen; take the others for read-only, too. */
export interface WasmPolicy extends Policy {
  /** The first 16 hex digits of the module's SHA-256. */
  readonly digest: string
  /** Instances discarded so far: after an error, or because a big input had made them grow. */
  readonly restarts: number
  /** Which builtins of the host could not answer in the last evaluation, and why; their values were undefined in it. Those inside the module never tell. */
  builtinFailures(): readonly string[]
  /** Memory that it holds, in bytes: that of the instance in use, and what the data takes once more, for new instances. */
  memoryBytes(): number
}
