import { RoleBinding } from "../model/role-binding.js"
import type { BindingDefinition } from "./definition.js"
import type { FindingList, Place } from "./finding.js"
import { roleRemedy } from "./lint-roles.js"

/** Rules about role bindings: malformed ones, unknown roles, those without effect, duplicates, principals without a prefix (hardened). */
export class BindingsLint {
  readonly #roles: ReadonlyMap<string, unknown> | undefined
  readonly #isNemo: boolean
  readonly #findings: FindingList
  readonly #warned = new Set<string>()
  /** Who holds it, by workspace and role. */
  readonly #held = new Map<string, Set<string>>()

  /** @param roles by name; undefined when they are not known */
  constructor(roles: ReadonlyMap<string, unknown> | undefined, profile: "hardened" | "nemo", findings: FindingList) {
    this.#roles = roles
    this.#isNemo = profile === "nemo"
    this.#findings = findings
  }

  /** Looks at one more binding. */
  add(binding: BindingDefinition): void {
    const isSound = binding.roles.every(({ text, line }) => this.#check(binding, text, { file: binding.file, line }))
    if (!isSound) return
    this.#warnOfEffect(binding)
    if (!this.#isNemo) this.#warnOfPrincipal(binding)
  }

  #check({ principal, workspace, expiresAt }: BindingDefinition, role: string, place: Place): boolean {
    const { error } = RoleBinding.safeParse({ principal, workspace, role, ...(expiresAt !== undefined && { expires_at: expiresAt }) })
    const what = `the binding of '${principal}' in '${workspace}'`
    if (error) {
      const [issue] = error.issues
      const problem = `${what}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`
      this.#findings.add("malformed-binding", place, problem, "correct it, or remove the binding")
      return false
    }
    if (this.#roles && !this.#roles.has(role))
      this.#findings.add("dangling-role", place, `${what} names the unknown role '${role}'`, roleRemedy(role, this.#roles))
    const key = JSON.stringify([workspace, role])
    const holders = this.#held.get(key) ?? new Set()
    if (holders.has(principal)) this.#findings.warn("duplicate-binding", place, `${what} gives '${role}' once more`, "keep one of the two")
    this.#held.set(key, holders.add(principal))
    return true
  }

  #warnOfEffect(binding: BindingDefinition): void {
    const { principal, workspace, roles } = binding
    const what = `the binding of '${principal}' in '${workspace}'`
    if (roles.length === 0) this.#findings.warn("ineffective-binding", binding, `${what} gives no role`, "name a role, or remove the binding")
    if (workspace !== workspace.trim())
      this.#findings.warn("ineffective-binding", binding, `${what} names a workspace with space around it, which no path names`, "remove the space")
  }

  #warnOfPrincipal(binding: BindingDefinition): void {
    const { principal } = binding
    if (this.#warned.has(principal)) return
    if (principal === "group:" || principal === "service:") {
      this.#warned.add(principal)
      this.#findings.warn("ineffective-binding", binding, `'${principal}' names nobody`, "write a name after the prefix")
    } else if (isUnprefixed(principal)) {
      this.#warned.add(principal)
      this.#findings.warn(
        "unprefixed-principal",
        binding,
        `principal '${principal}' is taken for a person: it has neither a prefix nor an '@'`,
        `write 'group:${principal}' for a group, 'service:${principal}' for a service`,
      )
    }
  }
}

function isUnprefixed(principal: string): boolean {
  return principal !== "*" && !/^(?:service|group):/.test(principal) && !principal.includes("@")
}
