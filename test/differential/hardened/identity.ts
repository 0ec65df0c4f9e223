/** Somebody who is authenticated: a service, or a person. */
export interface Identity {
  readonly kind: "person" | "service"
  /** Stored form: `service:<id>`, or a person's id. */
  readonly id: string
  /** The stored principals that speak for him: id, e-mail, groups. Never `*`. */
  readonly principals: readonly string[]
}

/** What a request claims about somebody. Nothing claimed: an empty id or e-mail, no groups. */
export interface Claims {
  readonly id: string
  readonly email: string
  readonly groups: readonly string[]
}

/** A caller, or nobody. */
export function callerOf(claims: Claims): Identity | undefined {
  return serviceOf(claims) ?? personOf(claims)
}

/** A person, or nobody: an id that is empty, `*` or has a prefix is no person's. */
export function personOf({ id, email, groups }: Claims): Identity | undefined {
  return isBareName(id) ? { kind: "person", id, principals: [id, ...claimed(email, groups)] } : undefined
}

function serviceOf({ id, email, groups }: Claims): Identity | undefined {
  const isService = id.startsWith("service:") && id !== "service:"
  return isService ? { kind: "service", id, principals: [id, ...claimed(email, groups)] } : undefined
}

/** An e-mail or group that is `*` or has a prefix is ignored; groups are looked up as `group:<name>` only. */
function claimed(email: string, groups: readonly string[]): readonly string[] {
  return [...[email].filter(isBareName), ...groups.filter(isBareName).map((group) => `group:${group}`)]
}

function isBareName(name: string): boolean {
  return name !== "" && name !== "*" && !name.startsWith("service:") && !name.startsWith("group:")
}
