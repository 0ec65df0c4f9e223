import type { NemoDocument, NemoOperation } from "./nemo-document.js"

/** Where a request goes. */
export interface NemoTarget {
  /** Whether any template matches the path. */
  readonly known: boolean
  /** Empty when no template names one. */
  readonly workspace: string
  /** Absent when the endpoint has no such method. */
  readonly operation?: NemoOperation
}

/**
 * Looks at every template.
 *
 * @param path without its query; undefined when the request has none
 * @returns undefined where the reference fails: two templates are equally specific, or name different workspaces
 */
export function targetOf({ endpoints }: NemoDocument, path: string | undefined, method: string | undefined): NemoTarget | undefined {
  const matching = path === undefined ? [] : [...endpoints.keys()].filter((template) => matches(template, path))
  if (path === undefined || matching.length === 0) return { known: false, workspace: "" }
  const [template, ...tied] = mostSpecific(matching)
  const [workspace, ...differing] = workspacesOf(matching, path)
  if (template === undefined || tied.length > 0 || differing.length > 0) return undefined
  const operation = method === undefined ? undefined : endpoints.get(template)?.get(method.toLowerCase())
  return { known: true, workspace: workspace ?? "", ...(operation && { operation }) }
}

function matches(template: string, path: string): boolean {
  const wanted = template.split("/")
  const given = path.split("/")
  if (!swallowsTheRest(template)) return given.length === wanted.length && wanted.every((segment, position) => fits(segment, given[position]))
  return given.length >= wanted.length && wanted.slice(0, -1).every((segment, position) => fits(segment, given[position]))
}

/** What follows the first `/-/` is one placeholder: it takes one or more segments, which may be empty. */
function swallowsTheRest(template: string): boolean {
  const separator = template.indexOf("/-/")
  const suffix = template.slice(separator + "/-/".length)
  return separator > 0 && !suffix.includes("/") && isPlaceholder(suffix)
}

function fits(wanted: string, given: string | undefined): boolean {
  return given === wanted || (isPlaceholder(wanted) && given !== undefined && given !== "")
}

function isPlaceholder(segment: string | undefined): boolean {
  return segment !== undefined && segment.startsWith("{") && segment.endsWith("}")
}

/** Those with the fewest segments that begin with a brace. */
function mostSpecific(templates: readonly string[]): readonly string[] {
  const placeholders = (template: string): number => template.split("/").filter((segment) => segment.startsWith("{")).length
  const fewest = Math.min(...templates.map(placeholders))
  return templates.filter((template) => placeholders(template) === fewest)
}

/** The values that any of the templates gives: of segments named so, and only when there are none, of placeholders after `workspaces`. */
function workspacesOf(templates: readonly string[], path: string): readonly string[] {
  const given = path.split("/")
  const valuesWhere = (counts: (segments: readonly string[], position: number) => boolean): readonly string[] => [
    ...new Set(
      templates.flatMap((template) => {
        const segments = template.split("/")
        return given.filter((_, position) => position < segments.length && counts(segments, position))
      }),
    ),
  ]
  const named = valuesWhere((segments, position) => ["{workspace}", "{workspace_id}"].includes(segments[position] ?? ""))
  if (named.length > 0) return named
  return valuesWhere((segments, position) => position >= 2 && segments[position - 1] === "workspaces" && isPlaceholder(segments[position]))
}
