import type { RoleBinding } from "../../src/model/role-binding.js"

/** One state to decide on. Everything in it comes from the seed. */
export interface World {
  readonly seed: number
  readonly profile: "hardened" | "nemo"
  readonly scopes: "strict" | "lenient" | "off"
  /** Authorization data, as `createPdp` takes it: our own format or a reference document. */
  readonly document: object
  readonly bindings: readonly RoleBinding[]
}

/** One question: what `POST /apis/auth/v2/authz/<entrypoint>` would get as `input`. */
export interface Question {
  readonly entrypoint: "allow" | "has_permissions" | "has_role"
  readonly input: Readonly<Record<string, unknown>>
}

/** Answers questions by the rules alone: no index, no slice, no code shared with `src` or `policies`. */
export type Model = (world: World) => (question: Question) => boolean
