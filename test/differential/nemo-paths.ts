import { names } from "./nemo-names.js"
import type { Random } from "./random.js"

/** A path that a template matches, or nearly; or one of those that have rules of their own; or any. */
export function askPath(random: Random, template: string | undefined, workspace: string): string {
  const kind = random.next()
  if (template === undefined || kind < 0.06) return random.pick(random.pick([openPaths, ruledPaths(workspace), strangePaths]))
  const path = fill(random, template, workspace)
  return kind < 0.28 ? bend(random, path) : path
}

const openPaths = [
  "/health/live",
  "/health/ready",
  "/status",
  "/metrics",
  "/cluster-info",
  "/status?verbose=1",
  "/cluster-info?x",
  "/health/live/",
  "/apis/auth/discovery",
]

/** What rules name or describe. */
function ruledPaths(workspace: string): readonly string[] {
  return [
    "/apis/auth/v2/iam/opa-bundle.tar.gz",
    "/apis/auth/v2/iam/opa-bundle.tar.gz?x=1",
    "/apis/auth/v2/iam/opa-bundle.tar.gz/",
    `/apis/secrets/v2/workspaces/${workspace}/secrets/n1/access`,
    `/apis/secrets/v2/workspaces/${workspace}/secrets/n1/access/`,
    `/apis/vault/v9/workspaces/${workspace}/secrets/n1/access?x`,
    "/apis/entities/v2/",
    "/apis/entities/v2/workspaces/",
    `/apis/entities/v2/workspaces/${workspace}/`,
    `/apis/entities/v2/workspaces/${workspace}/members/ann`,
    `/apis/entities/v2/workspaces/${workspace}/runs/n1`,
    "/apis/entities/v2/workspaces/-/members",
    "/apis/entities/v2/workspaces/-/",
    `/apis/gateway/v2/workspaces/${workspace}/openai/-/v1/models/n1`,
    `/apis/inference-gateway/v2/workspaces/${workspace}/openai/-/v1/models/n1`,
    "/apis/jobs",
    "/apis/jobs/v2",
    "/apis/jobsx",
  ]
}

const strangePaths = [
  "",
  "/",
  "//",
  "*",
  "nowhere",
  "/nowhere",
  "/a",
  "/a/",
  "/a/b/c",
  "?",
  "/?a/b",
  "/apis/docs/v2/docs#x",
  "/constructor",
  "/-/-/-",
]

function fill(random: Random, template: string, workspace: string): string {
  const segments = template.split("/")
  return segments.map((segment, position) => (isPlaceholder(segment) ? valueFor(random, segments, position, workspace) : segment)).join("/")
}

function valueFor(random: Random, segments: readonly string[], position: number, workspace: string): string {
  const segment = segments[position] ?? ""
  if (segment.startsWith("{workspace") || segments[position - 1] === "workspaces")
    return random.chance(0.95) ? workspace : random.pick(names.workspaces)
  if (position === segments.length - 1 && segments[position - 1] === "-") return random.pick(trailing)
  return random.pick(random.chance(0.6) ? values : names.segments)
}

const values = ["n1", "v1", "docs", "models", "members", "secrets", "access", "a%2Fb", "a b", "{x}", "ü"]
const trailing = ["x", "v1/models", "v1/models/n1", "v1/chat/completions", "a/b/c", "", "a/", "a//b", "-", "-/x"]

/** One near miss. */
function bend(random: Random, path: string): string {
  const segments = path.split("/")
  const at = 1 + random.int(Math.max(1, segments.length - 1))
  const bent: readonly (() => string)[] = [
    () => `${path}/`,
    () => `${path}?x=1`,
    () => `${path}?a/b?c`,
    () => segments.slice(0, -1).join("/"),
    () => `${path}/x`,
    () => segments.with(at, "").join("/"),
    () => segments.with(at, random.pick(values)).join("/"),
    () => segments.with(at, random.pick(names.segments)).join("/"),
    () => segments.with(at, (segments[at] ?? "").toUpperCase()).join("/"),
    () => segments.with(at, encodeFirst(segments[at] ?? "")).join("/"),
    () => path.slice(1),
    () => `/${path}`,
  ]
  return random.pick(bent)()
}

function encodeFirst(segment: string): string {
  return segment === "" ? "%" : `%${segment.charCodeAt(0).toString(16)}${segment.slice(1)}`
}

function isPlaceholder(segment: string): boolean {
  return segment.startsWith("{") && segment.endsWith("}")
}
