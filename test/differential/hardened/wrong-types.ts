import type { Question } from "../question.js"
import type { Random } from "../random.js"

/** The same question with a value of a wrong JSON type in one place that its entrypoint reads. */
export function withWrongType(random: Random, { entrypoint, input }: Question): Question {
  const inEnvoy = "attributes" in input ? random.chance(0.6) : random.chance(0.1)
  if (inEnvoy) return { entrypoint, input: { ...input, attributes: wrongAttributes(random, input["attributes"]) } }
  const member = random.pick([...identityMembers, ...membersOf[entrypoint], ...membersOf[entrypoint]])
  return { entrypoint, input: { ...input, [member]: random.pick(wrongValues[member] ?? notTexts) } }
}

const identityMembers = [
  "principal_id",
  "principal_email",
  "principal_groups",
  "on_behalf_of_principal_id",
  "on_behalf_of_principal_email",
  "on_behalf_of_principal_groups",
]

const membersOf: Readonly<Record<Question["entrypoint"], readonly string[]>> = {
  allow: ["method", "path", "scopes"],
  has_permissions: ["workspace", "permissions"],
  has_role: ["workspace", "role", "effective"],
}

const notTexts: readonly unknown[] = [0, 1, true, false, [], ["ann@example.com"], {}, { id: "ann@example.com" }]
const notLists: readonly unknown[] = [0, true, false, "", "ops", {}, { 0: "ops" }, [1], ["ops", null], [["ops"]], ["models:read", {}]]

const wrongValues: Readonly<Record<string, readonly unknown[]>> = {
  principal_groups: notLists,
  on_behalf_of_principal_groups: notLists,
  scopes: notLists,
  permissions: notLists,
  effective: [0, 1, "true", [], {}],
}

function wrongAttributes(random: Random, attributes: unknown): unknown {
  const wrong = random.pick<unknown>([0, false, "GET", true, [], ["x-nmp-principal-id"]])
  const http = memberOf(memberOf(attributes, "request"), "http")
  const headers = memberOf(http, "headers")
  switch (random.int(6)) {
    case 0:
      return wrong
    case 1:
      return { request: wrong }
    case 2:
      return { request: { http: wrong } }
    case 3:
      return { request: { http: { ...http, headers: wrong } } }
    case 4:
      return { request: { http: { ...http, [random.pick(["method", "path"])]: random.pick([0, true, [], {}]) } } }
    default:
      return { request: { http: { ...http, headers: { ...headers, [randomHeader(random)]: random.pick([0, null, true, [], ["ops"], {}]) } } } }
  }
}

function randomHeader(random: Random): string {
  return random.pick(["x-nmp-principal-id", "X-NMP-Principal-Groups", "x-nmp-scopes", "x-nmp-principal-on-behalf-of", "accept"])
}

function memberOf(value: unknown, name: string): object | undefined {
  const member: unknown = typeof value === "object" && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined
  return typeof member === "object" && member !== null ? member : undefined
}
