/** Options of `authentication`. */
export interface AuthenticationOptions {
  /** Believe unsigned JWTs (`alg: none`) of trusted peers. Default false. */
  readonly allowUnsignedJwt?: boolean | undefined
  /** By how much clocks may differ, in seconds. Default 60. */
  readonly leewaySeconds?: number
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number
}
