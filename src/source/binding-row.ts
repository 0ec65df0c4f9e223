import { PdpError } from "../errors.js"
import { RoleBinding } from "../model/role-binding.js"

/** One entry of a document of bindings, before anybody has looked at it. */
export interface BindingRow {
  readonly line: number
  /** As they stand there, duplicates included. */
  readonly fields: readonly RowField[]
}

/** One key with its value. */
export interface RowField {
  readonly key: string
  readonly line: number
  readonly value: unknown
}

/**
 * The bindings that one row stands for: `principal`, `workspace`, either `role` or `roles`, and perhaps `expires_at`.
 *
 * @param place how messages name the document: a path or a URL
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` with place, line, value and remedy
 */
export function bindingsOf(place: string, row: BindingRow): readonly RoleBinding[] {
  assertKeys(place, row.fields)
  const principal = valueOf(row, "principal")
  const workspace = valueOf(row, "workspace")
  const roles = rolesOf(place, row)
  const expiry = field(row, "expires_at")
  const shared = { principal, workspace, ...(expiry && { expires_at: expiry.value }) }
  if (roles.length === 0) readBinding(place, row, { ...shared, role: "none" })
  return roles.map((role) => readBinding(place, row, { ...shared, role }))
}

/** Something in a document of bindings is wrong. */
export function rowProblem(place: string, line: number, what: string, remedy: string, cause?: unknown): PdpError {
  const details = { line, problem: what, remedy }
  return new PdpError("ERR_SOURCE_UNAVAILABLE", `${place}:${line}: ${what}; ${remedy}`, { ...(cause !== undefined && { cause }), details })
}

/** A value for a message, cut to a readable length. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing"
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

/** Every key once, and only these. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
export function assertKeys(place: string, fields: readonly RowField[], known: readonly string[] = rowKeys): void {
  for (let at = 0; at < fields.length; at++) {
    const { key, line } = fields[at] ?? { key: "", line: 0 }
    if (!known.includes(key)) throw rowProblem(place, line, `the key ${shown(key)} is unknown`, `known are ${known.join(", ")}`)
    for (let before = 0; before < at; before++)
      if (fields[before]?.key === key) throw rowProblem(place, line, `the key '${key}' stands here a second time`, "keep one of the two")
  }
}

const rowKeys = ["principal", "workspace", "role", "roles", "expires_at"]

function rolesOf(place: string, row: BindingRow): readonly unknown[] {
  const { role, roles } = { role: field(row, "role"), roles: field(row, "roles") }
  if (role && roles) throw rowProblem(place, roles.line, "a binding has both 'role' and 'roles'", "keep one of the two")
  if (role) return [role.value]
  if (!roles) throw rowProblem(place, row.line, "a binding has no 'roles'", "write roles: [<name of a role>, …]")
  if (!Array.isArray(roles.value)) throw rowProblem(place, roles.line, `'roles' is ${shown(roles.value)}`, "write a list of names of roles")
  return roles.value
}

function readBinding(place: string, row: BindingRow, values: Readonly<Partial<Record<keyof RoleBinding, unknown>>>): RoleBinding {
  const { data, error } = RoleBinding.safeParse(values)
  if (!data) {
    for (const key of ["principal", "workspace"] as const)
      if (values[key] === undefined) throw rowProblem(place, row.line, `a binding has no '${key}'`, "write all of principal, workspace and roles")
    const { path, message } = error.issues[0] ?? { path: [], message: "it is invalid" }
    const key = keyOf(path[0])
    const line = field(row, key)?.line ?? (key === "role" ? field(row, "roles")?.line : undefined) ?? row.line
    throw rowProblem(place, line, `the ${key} ${shown(values[key])} is not valid: ${message}`, "correct it, or remove the binding")
  }
  return data
}

function keyOf(part: PropertyKey | undefined): keyof RoleBinding {
  return part === "principal" || part === "workspace" || part === "expires_at" ? part : "role"
}

function valueOf(row: BindingRow, key: string): unknown {
  return field(row, key)?.value
}

function field(row: BindingRow, key: string): RowField | undefined {
  return row.fields.find((one) => one.key === key)
}
