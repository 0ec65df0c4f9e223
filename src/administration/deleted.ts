/** What is answered to a deletion. */
export interface Deleted {
  /** What the path named: a workspace, a principal, a role binding, or `<workspace>/<type>/<name>` of an entity. */
  readonly id: string
  readonly message: string
  readonly deleted_count: number
}
