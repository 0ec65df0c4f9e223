/** What generated worlds and questions of the nemo profile are made of: few names, so that they meet. */
export const names = {
  people: ["ann@acme.test", "bob@acme.test", "carol", "dave", "root@acme.test", "Ünal ✓"],
  groups: ["readers", "ops", "platform team", "group:readers", "ann@acme.test"],
  services: ["service:jobs", "service:auth", "service:", "service:jobs:worker"],
  odd: ["*", "__proto__", "constructor", "ANN@acme.test", " ann@acme.test"],
  workspaces: ["blue", "red", "default", "team-1", "workspaces", "constructor"],
  permissions: ["docs.read", "docs.create", "jobs.list", "jobs.logs.create", "secrets.access", "iam.bundle.read", "models.read"],
  scopes: ["docs:read", "docs:write", "jobs:read", "platform:read", "platform:write"],
  /** Upper case, as requests have them. */
  methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
  segments: ["a", "b", "c", "-", "workspaces"],
} as const

/** Stored principals and callers alike. */
export const principals: readonly string[] = [...names.people, ...names.groups, ...names.services, ...names.odd]
