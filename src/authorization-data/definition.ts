import type { LinedText } from "./document.js"
import type { Operation } from "./authorization-data.js"
import type { Place } from "./finding.js"

/** Whose format a definition was written in. */
export type DocumentFormat = "own" | "reference" | "built-in"

/** One role as a document defines it. */
export interface RoleDefinition extends Place {
  readonly name: string
  readonly format: DocumentFormat
  readonly description?: string
  readonly includes: readonly LinedText[]
  readonly permissions: readonly LinedText[]
}

/** One operation as a document defines it. */
export interface OperationDefinition extends Place {
  readonly template: string
  /** Upper case. */
  readonly method: string
  readonly format: DocumentFormat
  readonly operation: Operation
}

/** One endpoint as a document defines it. It may have no operations: then the path is known, and no method on it. */
export interface EndpointDefinition extends Place {
  readonly template: string
  readonly format: DocumentFormat
  readonly operations: readonly OperationDefinition[]
}

/** One path prefix under which everything is denied. */
export interface DeniedPrefix extends Place {
  readonly prefix: string
}

/** What one principal holds in one workspace. */
export interface BindingDefinition extends Place {
  readonly principal: string
  readonly workspace: string
  readonly roles: readonly LinedText[]
  readonly expiresAt?: string
}

/** What one document says, with the places where it says so. */
export interface Fragment {
  readonly file: string
  readonly format: DocumentFormat | "bindings"
  readonly extendsBuiltIn: boolean
  readonly roles: readonly RoleDefinition[]
  readonly endpoints: readonly EndpointDefinition[]
  /** Registered permission ids; absent when the document has no registry. */
  readonly registry?: readonly LinedText[]
  readonly deniedPrefixes: readonly DeniedPrefix[]
  readonly bindings: readonly BindingDefinition[]
}
