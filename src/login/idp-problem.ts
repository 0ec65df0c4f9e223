import { PdpError } from "../errors.js"
import { isPassing, type IdpFault } from "./idp-answer.js"
import { problemRows, type ProblemRow } from "./problem-rows.js"
import type { LoginProvider } from "./provider.js"
import { providerKind, providerNames, type ProviderKind } from "./provider-kind.js"

/**
 * What an IdP's error means here, and what to do about it at that IdP. Its own words come last.
 *
 * `details`: `problem`, `remedy`, `provider` (`azure`, `okta`, `keycloak`, `other`), `url`, `status`, `error`, and where given `error_description` and `error_codes`.
 */
export function idpProblem(provider: LoginProvider, fault: IdpFault): PdpError {
  const { error, description, codes, place, status, scope } = fault
  const kind = codes.length > 0 ? "azure" : providerKind(provider.issuer)
  const row = rowFor(fault, kind)
  const passing = isPassing(status) || row.passing === true
  const problem = passing ? `${providerNames[kind]} cannot serve the request now` : row.problem({ provider, kind, scope })
  const remedy = passing ? "try again in a while" : row.remedy({ provider, kind, scope })
  const raw = { error, ...(description !== undefined && { error_description: description }), ...(codes.length > 0 && { error_codes: codes }) }
  const details = { problem, remedy, provider: kind, url: place, status, ...raw, ...(passing && { passing }) }
  const said = `${place} answered ${status} ${error}${description === undefined || description === "" ? "" : `: ${description}`}`
  const code = passing ? "ERR_IDP_UNAVAILABLE" : "ERR_UNAUTHENTICATED"
  return new PdpError(code, `${problem}; ${remedy} (${said})`, { reason: passing ? "idp_unavailable" : row.reason, details })
}

/** Azure AD's number says most, then the text, then the error. */
function rowFor(fault: IdpFault, kind: ProviderKind): ProblemRow {
  const rows = problemRows.filter(({ steps, kinds }) => (!steps || steps.includes(fault.step)) && (!kinds || kinds.includes(kind)))
  return (
    rows.find(({ aadsts = [] }) => aadsts.some((code) => fault.codes.includes(code))) ??
    rows.find(({ text }) => text?.test(fault.description ?? "") === true || text?.test(fault.error) === true) ??
    rows.find(({ errors = [] }) => errors.includes(fault.error)) ??
    unknownRow
  )
}

const unknownRow: ProblemRow = {
  reason: "idp_refused",
  problem: ({ kind }) => `${providerNames[kind]} refuses the login`,
  remedy: ({ kind }) => `see what it says, and ${kind === "other" ? "its log" : `${providerNames[kind]}'s sign-in log`}`,
}
