import { noAdministration } from "./administration-refusal.js"
import type { AdministrationRoute } from "./administration-route.js"
import { changesRoutes } from "./changes-routes.js"
import type { ServerContext } from "./context.js"
import { entitiesRoutes } from "./entities-routes.js"
import type { App } from "./hono-app.js"
import { errorJson } from "./json.js"
import { membersRoutes } from "./members-routes.js"
import { roleBindingsRoutes } from "./role-bindings-routes.js"
import { honoPath } from "./route-template.js"
import { serveAdministration } from "./serve-administration.js"
import { workspacesRoutes } from "./workspaces-routes.js"
import { wrongMethod } from "./wrong-method.js"

/** Every operation of the administration. */
export const administrationRoutes: readonly AdministrationRoute[] = [
  ...workspacesRoutes,
  ...membersRoutes,
  ...entitiesRoutes,
  ...roleBindingsRoutes,
  ...changesRoutes,
]

/** Adds them to the app. Without a database they answer 404, and say what is missing. */
export function addAdministration(context: ServerContext, app: App): void {
  const { administration, metrics } = context
  for (const path of new Set(administrationRoutes.map((route) => route.path))) {
    const routes = administrationRoutes.filter((route) => route.path === path)
    for (const route of routes)
      app.on(route.method, honoPath(path), (c) => {
        if (administration) return serveAdministration(context, administration, route, c)
        metrics.failed(noAdministration.code)
        return errorJson(noAdministration)
      })
    const allow = routes.map(({ method }) => (method === "GET" ? "GET, HEAD" : method)).join(", ")
    app.all(honoPath(path), (c) => wrongMethod(context, c, allow, path))
  }
}
