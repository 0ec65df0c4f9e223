/** One call of the API, as the policy knows it. Whoever calls in process is asked for the same rights as over HTTP. */
export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  readonly path: string
}

/** `GET /apis/entities/v2/workspaces/ml-team`, … @param segments after the base, each as it is */
export function entitiesOperation(method: Operation["method"], ...segments: readonly string[]): Operation {
  return operation(method, "/apis/entities/v2/workspaces", segments)
}

/** `GET /apis/auth/v2/iam/role-bindings`, … */
export function iamOperation(method: Operation["method"], ...segments: readonly string[]): Operation {
  return operation(method, "/apis/auth/v2/iam", segments)
}

function operation(method: Operation["method"], base: string, segments: readonly string[]): Operation {
  return { method, path: [base, ...segments.map(escaped)].join("/") }
}

/** Percent-escapes only what a canonical path may not hold as it is. */
function escaped(segment: string): string {
  return encodeURIComponent(segment).replace(/%(?:40|3A|2B|2C|24|26|3D)/g, (escape) => decodeURIComponent(escape))
}
