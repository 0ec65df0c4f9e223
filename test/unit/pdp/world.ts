import { createPdp, memorySource, type Pdp, type PdpOptions, type RoleBinding } from "../../../src/index.js"

/** Roles and endpoints of a small model-serving API. */
export const models = {
  version: 1,
  roles: {
    Viewer: { permissions: ["models.read"] },
    Editor: { includes: ["Viewer"], permissions: ["models.create", "models.delete"] },
    PlatformAdmin: { permissions: ["iam.list"] },
    ServiceSystem: { permissions: ["*"] },
  },
  endpoints: {
    "/health": { get: { public: true } },
    "/workspaces/{workspace}/models": {
      get: { permissions: ["models.read"], scopes: ["platform:read"] },
      post: { permissions: ["models.create"], scopes: ["platform:write"] },
    },
    "/workspaces/{workspace}/models/{name}": {
      get: { permissions: ["models.read"], scopes: ["platform:read"] },
      delete: { permissions: ["models.delete"], scopes: ["platform:write"] },
    },
    "/iam": { get: { permissions: ["iam.list"] } },
  },
} as const

export const bindings: readonly RoleBinding[] = [
  { principal: "ann@example.com", workspace: "ml", role: "Viewer" },
  { principal: "ben@example.com", workspace: "ml", role: "Editor" },
  { principal: "group:ops", workspace: "ml", role: "Editor" },
  { principal: "root@example.com", workspace: "system", role: "PlatformAdmin" },
  { principal: "*", workspace: "open", role: "Viewer" },
]

/** A ready PDP on {@link models} and {@link bindings}, with the source to change them. */
export async function modelsPdp(options: PdpOptions = {}): Promise<{ pdp: Pdp; source: ReturnType<typeof memorySource> }> {
  const source = memorySource(bindings)
  return { pdp: await createPdp({ authorizationData: models, source, ...options }), source }
}

/** Reads, or does something else to, a model in workspace `ml`. */
export const get = (id: string, path = "/workspaces/ml/models/llama"): { principal: { id: string }; method: string; path: string } => ({
  principal: { id },
  method: "GET",
  path,
})
