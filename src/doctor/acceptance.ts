import { z } from "zod"
import { authenticationReasons } from "../authn/index.js"
import { failed, listed, passed, quoted, unchecked, type Finding } from "./finding.js"
import { isPrivate, type Sidecar } from "./sidecar.js"

/** Whom a sidecar takes somebody for. */
export const Caller = z.object({
  principal: z.string(),
  email: z.string().nullish(),
  groups: z.array(z.string()).default([]),
  /** Null: not restricted. */
  scopes: z.array(z.string()).nullish(),
})
export type Caller = Readonly<z.infer<typeof Caller>>

/** What a sidecar says of credentials. */
export interface Acceptance {
  readonly finding: Finding
  /** Undefined when they are not accepted. */
  readonly caller?: Caller
  /** Why they are not. */
  readonly refusal?: Refused
}

const headerValue = /^[\x20-\x7e]+$/
const Refused = z.object({
  code: z.string(),
  detail: z.string(),
  expected_audience: z.string().optional(),
  expected_issuers: z.array(z.string()).optional(),
})
/** A refusal in the sidecar's own words, and what it says would be due. */
export type Refused = Readonly<z.infer<typeof Refused>>

/** Sends credentials to `/apis/auth/authenticate`, unless somebody could read a token on its way. */
export async function checkAcceptance(sidecar: Sidecar, headers: Readonly<Record<string, string>>): Promise<Acceptance> {
  if (headers["Authorization"] !== undefined && !isPrivate(sidecar))
    return {
      finding: unchecked(
        "acceptance",
        `${sidecar.url} is plain HTTP to another machine, where the token could be read on its way`,
        "name it by https",
      ),
    }
  if (!Object.values(headers).every((value) => headerValue.test(value)))
    return { finding: unchecked("acceptance", "the credentials hold what no header can carry, so they cannot be sent") }
  const reply = await sidecar.ask("/apis/auth/authenticate", headers)
  if ("lost" in reply) return { finding: unchecked("acceptance", `the sidecar does not answer: ${reply.lost}`) }
  const { data: caller } = reply.status === 200 ? Caller.safeParse(reply.body) : {}
  if (caller) return { finding: passed("acceptance", `the sidecar takes whoever sends this for ${shown(caller)}`), caller }
  const { data: refused } = Refused.safeParse(reply.body)
  if (!refused) return { finding: unchecked("acceptance", `the sidecar answered ${reply.status}`) }
  return { finding: refusedFinding(refused), refusal: refused }
}

function shown({ principal, email, groups }: Caller): string {
  return [quoted(principal), ...(email ? [`e-mail ${quoted(email)}`] : []), ...(groups.length > 0 ? [`groups ${listed(groups)}`] : [])].join(", ")
}

function refusedFinding({ code, detail }: Refused): Finding {
  const [what = "", ...remedies] = detail.split("; ")
  const usual = Object.entries(authenticationReasons).find(([reason]) => reason === code)?.[1].remedy
  return failed("acceptance", `${code}: ${what}`, remedies.length > 0 ? remedies.join("; ") : (usual ?? "see the checks above"))
}
