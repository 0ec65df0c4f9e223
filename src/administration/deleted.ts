/** What is answered to a deletion. */
export interface Deleted {
  readonly id: string
  readonly message: string
  readonly deleted_count: number
}
