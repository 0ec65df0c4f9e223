import { unchecked, type Finding } from "../finding.js"

/** What is checked of a gateway, in this order. */
export const gatewayChecks = [
  "gateway",
  "allowed",
  "no token",
  "bad token",
  "denied",
  "open",
  "answers",
  "upstream",
  "identity",
  "twins",
  "hop-by-hop",
  "credentials",
  "paths",
  "absolute form",
  "hosts",
  "client address",
  "probes",
  "routing",
  "methods",
  "unsafe methods",
  "overrides",
  "upgrade",
  "long requests",
  "HTTP/2",
  "outage",
  "still allowed",
] as const

/** One of {@link gatewayChecks}. */
export type GatewayCheck = (typeof gatewayChecks)[number]

/** What one check of a gateway found. */
export interface GatewayFinding extends Finding<GatewayCheck> {
  /** With `ok` null. */
  readonly warning?: GatewayWarning
}

/** Nothing is wrong with the gateway, but somebody should know: `shadow`, that nothing is enforced; `preflight`, that anybody may send some. */
export type GatewayWarning = "shadow" | "passed on" | "preflight"

/** Somebody should know. */
export function warned(check: GatewayCheck, warning: GatewayWarning, detail: string, remedy: string): GatewayFinding {
  return { ...unchecked(check, detail, remedy), warning }
}

/** True when nothing is wrong, and what was examined is enforced: in shadow mode everything passes. */
export function isProven(findings: readonly GatewayFinding[]): boolean {
  return findings.every(({ ok, warning }) => ok !== false && warning !== "shadow")
}
