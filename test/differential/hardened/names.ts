/** Names that small worlds are made of: few, so that they meet, and odd ones among them. */
export const workspaces = [
  "ml",
  "research",
  "system",
  "workspaces",
  "ML",
  "models",
  'we"ird',
  "__proto__",
  "constructor",
  "a b",
  "zoë",
  "m%6C",
  "~$x",
] as const

/** Persons' ids and e-mails. Some equal a group's name. */
export const persons = [
  "ann@example.com",
  "ben@example.com",
  "ops",
  "group@example.com",
  "Ann@example.com",
  'odd "name" ✓',
  "__proto__",
  "toString",
  "indexer",
  "a,b",
  "𝒳",
  "0",
] as const

/** Bare group names. Some equal a person's id or e-mail. */
export const groups = ["ops", "group@example.com", "readers", "ann@example.com", "__proto__", "ünits", "Ops"] as const

/** Services' ids, without their prefix. */
export const services = ["indexer", "ops", "ann@example.com", "a:b", "*", "__proto__"] as const

/** What nobody may be called: such claims speak for nobody. */
export const reserved = ["*", "group:ops", "group:readers", "service:indexer", "service:", "service:ops", "group:", ""] as const

/** Role names beside `PlatformAdmin` and `ServiceSystem`, in the order in which one may include those before it. */
export const roles = ["Viewer", "Lister", "constructor", "Editor", 'Quoted "rôle"', "Admin", "toString", "Root"] as const

/** Permission ids. The last one stands in no role. */
export const permissions = ["models.read", "models.list", "models.create", "models.delete", "iam.list", "iam.create", "a.b-c.d", "rare.only"] as const

/** Scope ids that operations list. */
export const scopes = ["models:read", "models:write", "platform:read", "platform:write"] as const

/** Methods as documents spell them. */
export const methods = ["get", "post", "put", "delete", "patch", "head", "options"] as const
