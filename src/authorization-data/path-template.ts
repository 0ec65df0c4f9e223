/** A path template, taken apart once. Segment 0 is the empty string before the first slash. */
export interface PathTemplate {
  readonly text: string
  readonly segments: readonly string[]
  /** Positions of the literal segments, without position 0. */
  readonly literals: readonly number[]
  /** Positions of the placeholders. */
  readonly placeholders: readonly number[]
  /**
   * Position of the `-` before a last placeholder that swallows one or more segments (`/files/-/{path}`); absent otherwise.
   * A `/-/` with any other suffix is an ordinary template with a literal `-`.
   */
  readonly trailingAt?: number
  /** Position of the segment that names the workspace; absent when none does. */
  readonly workspaceAt?: number
}

/** Takes a template apart: `/apis/models/v2/workspaces/{workspace}/models/{name}`. */
export function parsePathTemplate(text: string): PathTemplate {
  const segments = text.split("/")
  const positions = segments.map((_, position) => position).slice(1)
  const separator = segments.indexOf("-", 2)
  const trailing = separator > 0 && segments[1] !== "-" && separator === segments.length - 2 && isPlaceholder(segments[separator + 1])
  const workspaceAt = workspacePositions(segments).named[0] ?? workspacePositions(segments).afterWorkspaces[0]
  return {
    text,
    segments,
    literals: positions.filter((position) => !isPlaceholder(segments[position])),
    placeholders: positions.filter((position) => isPlaceholder(segments[position])),
    ...(trailing && { trailingAt: separator }),
    ...(workspaceAt !== undefined && { workspaceAt }),
  }
}

/** `{name}`: matches one segment that is not empty. */
export function isPlaceholder(segment: string | undefined): boolean {
  return segment !== undefined && segment.startsWith("{") && segment.endsWith("}")
}

/** Where a template may name its workspace: by the placeholder's name, else by standing right after a literal `workspaces`. */
export function workspacePositions(segments: readonly string[]): { readonly named: readonly number[]; readonly afterWorkspaces: readonly number[] } {
  const positions = segments.map((_, position) => position)
  return {
    named: positions.filter((position) => segments[position] === "{workspace}" || segments[position] === "{workspace_id}"),
    afterWorkspaces: positions.filter((position) => position >= 2 && segments[position - 1] === "workspaces" && isPlaceholder(segments[position])),
  }
}

/**
 * How specific a template is; the highest of those that match a path wins.
 * More literal segments first, then a fixed number of segments before a trailing part.
 */
export function rankOf(template: PathTemplate): number {
  return template.literals.length * 2 + (template.trailingAt === undefined ? 1 : 0)
}

/** True when `other` matches every path that `template` matches. */
export function covers(other: PathTemplate, template: PathTemplate): boolean {
  const compared = other.trailingAt === undefined ? other.segments : other.segments.slice(0, other.trailingAt + 1)
  return compared.every((segment, position) => isPlaceholder(segment) || segment === template.segments[position])
}
