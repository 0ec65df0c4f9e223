/** One file of a bundle. */
export interface BundleFile {
  /** Relative, with `/`. */
  readonly name: string
  readonly body: Uint8Array
}
