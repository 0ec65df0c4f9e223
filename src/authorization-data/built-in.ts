/**
 * What decides when no document is given, and what `extends: portcullis` adds to: the base roles and the endpoints of Portcullis' own API.
 */
export const builtInDocument = {
  version: 1,
  roles: {
    Viewer: { description: "Reads a workspace.", permissions: ["workspaces.list", "workspaces.read"] },
    Editor: {
      description: "Changes what lies in a workspace.",
      includes: ["Viewer"],
      permissions: ["entities.create", "entities.delete", "entities.read", "entities.update", "workspaces.delete", "workspaces.update"],
    },
    Admin: {
      description: "Decides who may do what in a workspace.",
      includes: ["Editor"],
      permissions: [
        "iam.create",
        "iam.delete",
        "iam.list",
        "iam.read",
        "workspaces.members.create",
        "workspaces.members.delete",
        "workspaces.members.list",
        "workspaces.members.update",
      ],
    },
    PlatformAdmin: { description: "Bound in system: may call every known operation.", permissions: ["iam.bundle.read"] },
    WorkspaceCreator: { description: "Bound in system: creates workspaces.", permissions: ["workspaces.create"] },
    ServiceSystem: { description: "What a service holds where nothing else is bound to it.", permissions: ["*"] },
  },
  endpoints: {
    "/health/live": { get: { public: true } },
    "/health/ready": { get: { public: true } },
    "/status": { get: { public: true } },
    "/metrics": { get: { public: true } },
    "/apis/auth/discovery": { get: { public: true } },
    "/apis/auth/v2/iam/opa-bundle.tar.gz": { get: read("auth", ["iam.bundle.read"]) },
    "/apis/auth/v2/iam/role-bindings": { get: read("auth", ["iam.list"]), post: write("auth", ["iam.create"]) },
    "/apis/auth/v2/iam/role-bindings/{name}": { get: read("auth", ["iam.read"]), delete: write("auth", ["iam.delete"]) },
    "/apis/auth/v2/iam/changes": { get: read("auth", ["iam.list"]) },
    "/apis/entities/v2/workspaces": { get: read("entities", ["workspaces.list"]), post: write("entities", ["workspaces.create"]) },
    "/apis/entities/v2/workspaces/{name}": {
      get: inOne(read("entities", ["workspaces.read"])),
      put: inOne(write("entities", ["workspaces.update"])),
      delete: inOne(write("entities", ["workspaces.delete"])),
    },
    "/apis/entities/v2/workspaces/{workspace}/members": {
      get: inOne(read("entities", ["workspaces.members.list"])),
      post: inOne(write("entities", ["workspaces.members.create"])),
    },
    "/apis/entities/v2/workspaces/{workspace}/members/{principal_id}": {
      put: inOne(write("entities", ["workspaces.members.update"])),
      delete: inOne(write("entities", ["workspaces.members.delete"])),
    },
    "/apis/entities/v2/workspaces/{workspace}/entities/{entity_type}": {
      get: inOne(read("entities", ["entities.read"])),
      post: inOne(write("entities", ["entities.create"])),
    },
    "/apis/entities/v2/workspaces/{workspace}/entities/{entity_type}/{name}": {
      get: inOne(read("entities", ["entities.read"])),
      put: inOne(write("entities", ["entities.update"])),
      delete: inOne(write("entities", ["entities.delete"])),
    },
  },
} as const

interface BuiltInOperation {
  readonly permissions: readonly string[]
  readonly scopes: readonly string[]
}

function read(area: string, permissions: readonly string[]): BuiltInOperation {
  return { permissions, scopes: [`${area}:read`, "platform:read"] }
}

function write(area: string, permissions: readonly string[]): BuiltInOperation {
  return { permissions, scopes: [`${area}:write`, "platform:write"] }
}

function inOne(operation: BuiltInOperation): BuiltInOperation & { readonly all_workspaces: false } {
  return { ...operation, all_workspaces: false }
}
