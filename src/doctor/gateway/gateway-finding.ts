import { failed, passed, unchecked, type Finding } from "../finding.js"

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
  "routing",
  "methods",
  "overrides",
  "upgrade",
  "long requests",
  "outage",
  "still allowed",
] as const

/** One of {@link gatewayChecks}. */
export type GatewayCheck = (typeof gatewayChecks)[number]

/** What one check of a gateway found. */
export interface GatewayFinding extends Finding<GatewayCheck> {
  /** Nothing is wrong with the gateway, but somebody should know: `shadow`, that nothing is enforced. With `ok` null. */
  readonly warning?: "shadow" | "passed on"
}

/** Nothing is wrong. */
export function holds(check: GatewayCheck, detail: string, remedy?: string): GatewayFinding {
  return passed(check, detail, remedy)
}

/** Something is wrong. */
export function wrong(check: GatewayCheck, detail: string, remedy: string): GatewayFinding {
  return failed(check, detail, remedy)
}

/** It could not be examined. */
export function unexamined(check: GatewayCheck, why: string, remedy?: string): GatewayFinding {
  return unchecked(check, why, remedy)
}

/** Somebody should know. */
export function warned(check: GatewayCheck, warning: "shadow" | "passed on", detail: string, remedy: string): GatewayFinding {
  return { ...unchecked(check, detail, remedy), warning }
}

/** True when nothing is wrong, and what was examined is enforced: in shadow mode everything passes. */
export function isProven(findings: readonly GatewayFinding[]): boolean {
  return findings.every(({ ok, warning }) => ok !== false && warning !== "shadow")
}
