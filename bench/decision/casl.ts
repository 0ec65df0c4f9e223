import { createMongoAbility, type MongoAbility } from "@casl/ability"
import type { Question, World } from "../world.js"
import type { Rival } from "./rival.js"

/** CASL with one ability per person who will ask, made beforehand and kept. Workspaces are its subjects, permissions its actions. */
export function casl({ bindings, grants }: World, questions: readonly Question[]): Rival {
  const asking = new Set(questions.map(({ person }) => person))
  const rules = new Map<string, { action: string[]; subject: string }[]>()
  for (const { principal, workspace, role } of bindings) {
    if (!asking.has(principal)) continue
    const more = { action: [...(grants.get(role) ?? [])], subject: workspace }
    rules.set(principal, [...(rules.get(principal) ?? []), more])
  }
  const abilities = new Map<string, MongoAbility>([...rules].map(([person, theirs]) => [person, createMongoAbility(theirs)]))
  return {
    name: "@casl/ability, one kept per person",
    decides: ({ person, workspace, permission }) => abilities.get(person)?.can(permission, workspace) ?? false,
  }
}
