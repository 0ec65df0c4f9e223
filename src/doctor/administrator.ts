import type { Caller } from "./acceptance.js"
import { explained, type Asking } from "./explanation.js"
import { failed, passed, quoted, unchecked, type Finding } from "./finding.js"
import { lookInto } from "./roles.js"

/** What is known before somebody's token is looked at. */
export interface AdministratorFacts {
  /** Undefined: no configuration tells. */
  readonly adminEmail: string | undefined
  /** What the sidecar says an operator should know. */
  readonly notices: readonly string[]
  /** Whom the sidecar takes the credentials for. */
  readonly caller: Caller | undefined
}

/** Does the address of `admin_email` hold PlatformAdmin, as far as the sidecar tells? Without a configuration: is the caller nearly that address? */
export async function checkAdministrator(asking: Asking, { adminEmail, notices, caller }: AdministratorFacts): Promise<readonly Finding[]> {
  const remarks = notices.map((notice) => split(notice))
  if (adminEmail === undefined) return unknownAdministrator(asking, caller, remarks)
  const administrator = { principal: adminEmail, email: adminEmail, groups: [] }
  const found = await explained(asking, administrator, lookInto("system"))
  if (!("explanation" in found)) return [unchecked("administrator", untold), ...remarks.map(open)]
  const holds = Object.entries(found.explanation.roles).some(([name, roles]) => name === adminEmail && roles.includes(role))
  if (holds) return [passed("administrator", `admin_email ${quoted(adminEmail)} holds ${role}`), ...remarks.map(open)]
  const what = `admin_email ${quoted(adminEmail)} does not hold ${role}`
  const details = [what, ...remarks.map(({ detail }) => detail)].join(". ")
  return [failed("administrator", details, remarks.map(({ remedy }) => remedy).join(", and ") || grantIt(adminEmail))]
}

const role = "PlatformAdmin"
const untold = "the sidecar tells trusted peers alone who holds PlatformAdmin"

function grantIt(adminEmail: string): string {
  return `let a ${role} run: portcullis workspaces members create --workspace system --principal ${adminEmail} --roles ${role}`
}

interface Remark {
  readonly detail: string
  readonly remedy: string
}

/** A notice says what is the case, and some say what to do after a semicolon. */
function split(notice: string): Remark {
  const [detail = "", ...rest] = notice.split("; ")
  return { detail, remedy: rest.join("; ") || "set auth.admin_email to the address that is meant" }
}

function open({ detail, remedy }: Remark): Finding {
  return unchecked("administrator", detail, remedy)
}

async function unknownAdministrator(asking: Asking, caller: Caller | undefined, remarks: readonly Remark[]): Promise<readonly Finding[]> {
  const found = caller && (await explained(asking, caller, lookInto("system")))
  const notes = found && "explanation" in found ? found.explanation.notes.map(split) : []
  if (notes.length > 0) return notes.map(({ detail, remedy }) => failed("administrator", detail, remedy))
  if (remarks.length > 0) return remarks.map(open)
  return [unchecked("administrator", "no admin_email is known", "name the configuration with --config")]
}
