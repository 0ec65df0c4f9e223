import { BindingsLint, FindingList, type Finding, type FindingRule } from "../authorization-data/index.js"
import { checkedRows, type RowProblem } from "../source/index.js"

/**
 * What is wrong, or looks wrong, in a file of bindings. Read as `serve --bindings` reads it, so that what has no error here loads there.
 *
 * @param roles by name; undefined when they are not known
 */
export async function lintBindingsFile(
  file: string,
  roles: ReadonlyMap<string, unknown> | undefined,
  profile: "hardened" | "nemo",
): Promise<readonly Finding[]> {
  const findings = new FindingList(profile)
  const lint = new BindingsLint(roles, profile, findings)
  for await (const row of checkedRows(file)) {
    const place = { file, line: row.line }
    if (findings.size >= mostFindings) {
      findings.warn("too-large", place, `there are more than ${mostFindings} findings; the rest of the file is not looked at`, "correct these first")
      break
    }
    if (row.kind === "problem") findings.add(rules[row.of], place, row.message, row.remedy)
    else if (row.bindings.length === 0) findings.warn("ineffective-binding", place, "the binding gives no role", "name a role, or remove the binding")
    else
      for (const { principal, workspace, role, expires_at: expiresAt } of row.bindings)
        lint.add({ ...place, principal, workspace, roles: [{ text: role, line: row.line }], ...(expiresAt !== undefined && { expiresAt }) })
  }
  return findings.sorted()
}

const mostFindings = 1_000
const rules: Readonly<Record<RowProblem["of"], FindingRule>> = { row: "malformed-binding", document: "syntax", size: "too-large" }
