/** Finds the route of a path, for metrics: `/workspaces/:name` becomes `/workspaces/{name}`; what fits none is `other`. */
export function routeTemplates(routes: readonly string[]): (path: string) => string {
  const plain = new Set(routes)
  const templates = [...plain].filter((route) => route.includes("/:")).map((route) => ({ name: templateOf(route), pattern: patternOf(route) }))
  return (path) => (plain.has(path) ? path : (templates.find(({ pattern }) => pattern.test(path))?.name ?? "other"))
}

/** Hono's way to write `/workspaces/{name}`. */
export function honoPath(template: string): string {
  return template.replace(/\{(\w+)\}/g, ":$1")
}

function templateOf(route: string): string {
  return route.replace(/:(\w+)(?:\{[^}]*\})?/g, "{$1}")
}

function patternOf(route: string): RegExp {
  const segments = route.split("/").map((segment) => (segment.startsWith(":") ? "[^/]+" : segment.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")))
  return new RegExp(`^${segments.join("/")}$`)
}
