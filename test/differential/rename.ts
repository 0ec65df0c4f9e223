import type { Question, World } from "./question.js"

/** Gives every person, group and service another name, everywhere in a world. Roles and workspaces keep theirs. */
export function renamedWorld(world: World): World {
  return { ...world, bindings: world.bindings.map((binding) => ({ ...binding, principal: renamed(binding.principal) })) }
}

/** The same in a question's claims, direct or in Envoy's headers. */
export function renamedQuestion({ entrypoint, input }: Question): Question {
  const direct = Object.fromEntries(Object.entries(input).map(([member, value]) => [member, claims.test(member) ? renamedValue(value) : value]))
  if (!("attributes" in input)) return { entrypoint, input: direct }
  return { entrypoint, input: { ...direct, attributes: renamedAttributes(input["attributes"]) } }
}

const claims = /^(?:on_behalf_of_)?principal_(?:id|email|groups)$/
const nameHeader = /^x-nmp-principal-(?:id|email|on-behalf-of(?:-email)?)$/i
const groupsHeader = /^x-nmp-principal-(?:on-behalf-of-)?groups$/i

/** What stands for a kind of principals keeps standing for it: `*`, nothing, the prefixes. Blanks around a name stay, as the nemo profile minds them. */
function renamed(name: string): string {
  const core = name.trim()
  const [, prefix = "", bare = ""] = /^((?:service:|group:)?)(.*)$/s.exec(core) ?? []
  return bare === "" || core === "*" ? name : name.replace(core, () => `${prefix}n-${Buffer.from(bare).toString("hex")}`)
}

function renamedValue(value: unknown): unknown {
  if (typeof value === "string") return renamed(value)
  return Array.isArray(value) ? value.map(renamedValue) : value
}

function renamedAttributes(attributes: unknown): unknown {
  return JSON.parse(JSON.stringify(attributes), (header, value: unknown) => {
    if (typeof value !== "string") return value
    // Commas stay: there they say that a header came twice.
    if (nameHeader.test(header)) return value.split(",").map(renamed).join(",")
    return groupsHeader.test(header) ? value.replace(/[^\s,](?:[^,]*[^\s,])?/g, renamed) : value
  })
}
