import type { PathTemplate } from "./path-template.js"
import { isPlaceholder } from "./path-template.js"

/** Templates in a tree of their segments: finds those that can match a path of another one without comparing each with each. */
export class TemplateTree {
  readonly #root = newBranch()

  constructor(templates: Iterable<PathTemplate>) {
    for (const template of templates) this.#add(template)
  }

  /** Every other template that can match a path that this one matches. */
  overlapping(template: PathTemplate): readonly PathTemplate[] {
    const found = new Set<PathTemplate>()
    collect(this.#root, template, 0, found)
    found.delete(template)
    return [...found]
  }

  #add(template: PathTemplate): void {
    let branch = this.#root
    for (const segment of fixedPart(template)) branch = childFor(branch, segment)
    const list = template.trailingAt === undefined ? branch.fixed : branch.trailing
    list.push(template)
  }
}

interface Branch {
  readonly literals: Map<string, Branch>
  placeholder: Branch | undefined
  /** Templates that end here. */
  readonly fixed: PathTemplate[]
  /** Templates whose trailing part begins here. */
  readonly trailing: PathTemplate[]
}

function newBranch(): Branch {
  return { literals: new Map(), placeholder: undefined, fixed: [], trailing: [] }
}

function fixedPart(template: PathTemplate): readonly string[] {
  return template.trailingAt === undefined ? template.segments : template.segments.slice(0, template.trailingAt + 1)
}

function childFor(branch: Branch, segment: string): Branch {
  if (isPlaceholder(segment)) return (branch.placeholder ??= newBranch())
  const child = branch.literals.get(segment) ?? newBranch()
  branch.literals.set(segment, child)
  return child
}

function collect(branch: Branch, template: PathTemplate, position: number, found: Set<PathTemplate>): void {
  const fixed = fixedPart(template)
  const segment = fixed[position]
  if (segment === undefined) return collectEnd(branch, template, found)
  for (const trailing of branch.trailing) found.add(trailing)
  const children = isPlaceholder(segment) ? branch.literals.values() : [branch.literals.get(segment)]
  for (const child of [...children, branch.placeholder]) if (child) collect(child, template, position + 1, found)
}

function collectEnd(branch: Branch, template: PathTemplate, found: Set<PathTemplate>): void {
  if (template.trailingAt === undefined) return branch.fixed.forEach((fixed) => found.add(fixed))
  for (const trailing of branch.trailing) found.add(trailing)
  for (const child of [...branch.literals.values(), branch.placeholder]) if (child) collectBelow(child, found)
}

function collectBelow(branch: Branch, found: Set<PathTemplate>): void {
  for (const template of [...branch.fixed, ...branch.trailing]) found.add(template)
  for (const child of [...branch.literals.values(), branch.placeholder]) if (child) collectBelow(child, found)
}
