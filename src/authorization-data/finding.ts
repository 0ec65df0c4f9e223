/** The lint rules; each has a row in `docs/authorization-data.md`. */
export const findingRules = [
  "syntax",
  "too-large",
  "wrong-type",
  "unsupported-value",
  "duplicate-key",
  "duplicate-definition",
  "unknown-key",
  "unknown-method",
  "missing-permissions",
  "ineffective-permissions",
  "malformed-role",
  "malformed-permission",
  "malformed-scope",
  "malformed-template",
  "malformed-prefix",
  "malformed-binding",
  "ineffective-binding",
  "duplicate-binding",
  "unprefixed-principal",
  "dangling-role",
  "role-cycle",
  "unregistered-permission",
  "ambiguous-templates",
  "ambiguous-spelling",
  "unreachable-operation",
  "restricted-template",
] as const

/** What a lint rule is called. */
export type FindingRule = (typeof findingRules)[number]

/** An error keeps the document from being loaded; a warning does not. */
export type FindingSeverity = "error" | "warning"

/** One thing that is wrong, or looks wrong, in a document. */
export interface Finding {
  readonly severity: FindingSeverity
  readonly rule: FindingRule
  /** The document's name, as it was passed. */
  readonly file: string
  /** Counted from 1; 0 when the document was passed as an object. */
  readonly line: number
  /** What is wrong, with the value. */
  readonly message: string
  /** What to do about it. */
  readonly remedy: string
}

/** Where something stands in a document. */
export interface Place {
  readonly file: string
  readonly line: number
}

/** One line for people: `roles.yaml:7: error dangling-role: …; …`. */
export function formatFinding(finding: Finding): string {
  const place = finding.line > 0 ? `${finding.file}:${finding.line}` : finding.file
  return `${place}: ${finding.severity} ${finding.rule}: ${finding.message}; ${finding.remedy}`
}

/** Collects what the rules find, in the order of files and lines. */
export class FindingList {
  readonly #nemo: boolean
  readonly #findings: Finding[] = []

  /** @param profile in `nemo`, what the reference itself tolerates is a warning only */
  constructor(profile: "hardened" | "nemo") {
    this.#nemo = profile === "nemo"
  }

  /** Adds an error, or a warning where that is asked for or the profile tolerates the fault. */
  add(rule: FindingRule, place: Place, message: string, remedy: string, severity: FindingSeverity = "error"): void {
    const tolerated = this.#nemo && toleratedByReference.has(rule)
    this.#findings.push({ severity: tolerated ? "warning" : severity, rule, file: place.file, line: place.line, message, remedy })
  }

  /** Adds a warning. */
  warn(rule: FindingRule, place: Place, message: string, remedy: string): void {
    this.add(rule, place, message, remedy, "warning")
  }

  /** How many there are so far. */
  get size(): number {
    return this.#findings.length
  }

  /** Everything found so far; files in the order in which they were first named, then by line. */
  sorted(): readonly Finding[] {
    const files = [...new Set(this.#findings.map((finding) => finding.file))]
    return this.#findings.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line)
  }
}

const toleratedByReference: ReadonlySet<FindingRule> = new Set<FindingRule>([
  "dangling-role",
  "role-cycle",
  "ambiguous-templates",
  "ambiguous-spelling",
  "unregistered-permission",
  "unreachable-operation",
])
