/** One operation: the attributes of decision 13, defaults filled in. */
export interface Operation {
  /** Absent: none are listed, which a reference document, a public and a denied operation may do. */
  readonly permissions?: readonly string[] | undefined
  readonly scopes: readonly string[]
  readonly callers: readonly ("principal" | "service_principal")[]
  readonly deny: boolean
  readonly public: boolean
  readonly admin: boolean
  readonly all_workspaces: boolean
}

/** One endpoint: its operations by upper-case method. */
export interface Endpoint {
  readonly template: string
  /** The template, split. */
  readonly segments: readonly string[]
  readonly operations: ReadonlyMap<string, Operation>
}

/** An endpoint of a template. */
export function endpointOf(template: string, operations: Endpoint["operations"]): Endpoint {
  return { template, segments: template.split("/"), operations }
}
