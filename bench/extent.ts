/** How much is measured. */
export interface Extent {
  /** A thousand bindings and hardly any rounds: shows that it runs; its figures say nothing. */
  readonly isQuick: boolean
}
