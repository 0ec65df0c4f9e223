import { z } from "zod"
import { failed, passed, quoted, unchecked, type Finding } from "./finding.js"
import type { Sidecar, SidecarReply } from "./sidecar.js"

/** Is it up, and are its data fresh? */
export interface SidecarHealth {
  readonly findings: readonly Finding[]
  readonly isUp: boolean
  /** Why the sidecar cannot ask issuers for keys, by issuer. */
  readonly unreachable: ReadonlyMap<string, Finding>
  /** What an operator should know. */
  readonly notices: readonly string[]
  /** By how many milliseconds its clock is ahead of this machine's; undefined when it does not tell. */
  readonly aheadMs: number | undefined
}

/** Asks `/health/ready` and `/status`. */
export async function checkSidecar(sidecar: Sidecar, now: () => number): Promise<SidecarHealth> {
  const ready = await sidecar.ask("/health/ready")
  const aheadMs = "lost" in ready || ready.date === undefined ? undefined : ready.date - now()
  const readiness = readinessFinding(sidecar, ready)
  if ("lost" in ready) return { ...nothing, findings: [readiness, unchecked("data", notUp)], isUp: false, aheadMs }
  const { findings, unreachable, notices } = statusFacts(await sidecar.ask("/status"))
  return { findings: [readiness, ...findings], unreachable, notices, isUp: true, aheadMs }
}

const nothing = { unreachable: new Map(), notices: [] } as const

/** Why nothing else can be asked. */
export const notUp = "the sidecar does not answer"

function readinessFinding({ url }: Sidecar, ready: SidecarReply): Finding {
  if ("lost" in ready && url.startsWith("unix:"))
    return unchecked("sidecar", `${url}: ${ready.lost}`, "name another listener with --url, or ask it with curl --unix-socket")
  if ("lost" in ready)
    return failed(
      "sidecar",
      `${url} does not answer: ${ready.lost}`,
      ready.remedy ?? "start it with 'portcullis serve', or name another one with --url",
    )
  if (ready.status === 200) return passed("sidecar", `${url} decides`)
  if (ready.status === 503) return failed("sidecar", `${url} runs and cannot decide yet`, "see what is said of its data below, and its log")
  return failed("sidecar", `${url} answered ${ready.status}; that is no Portcullis sidecar`, "name the sidecar with --url")
}

const Status = z.object({
  revision: z.string().optional(),
  bindings: z.number(),
  sources: z.array(
    z.object({ name: z.string(), ageSeconds: z.number().optional(), failing: z.object({ since: z.string(), message: z.string() }).optional() }),
  ),
  snapshot: z.object({ decides: z.boolean(), ageSeconds: z.number().optional() }).optional(),
  unknownRoles: z.object({ bindings: z.number(), roles: z.array(z.object({ role: z.string() })) }).optional(),
  issuers: z.array(z.object({ issuer: z.string(), lastError: z.string().optional() })).default([]),
  notices: z.array(z.string()).default([]),
})
type Status = Readonly<z.infer<typeof Status>>

type StatusFacts = Pick<SidecarHealth, "findings" | "unreachable" | "notices">

function statusFacts(reply: SidecarReply): StatusFacts {
  const unknown = (why: string, remedy?: string): StatusFacts => ({ ...nothing, findings: [unchecked("data", why, remedy)] })
  if ("lost" in reply) return unknown(`/status does not answer: ${reply.lost}`)
  if (reply.status !== 200) return unknown(`/status is not told here (${reply.status})`, "run this on the machine of the sidecar")
  const { data } = Status.safeParse(reply.body)
  if (!data) return unknown("/status tells something else than is due", "name a Portcullis sidecar with --url")
  return { findings: dataFindings(data), unreachable: issuerTroubles(data), notices: data.notices }
}

function dataFindings(data: Status): readonly Finding[] {
  const troubles = [...sourceTroubles(data), ...snapshotTroubles(data), ...roleTroubles(data)]
  return troubles.length > 0 ? troubles : [passed("data", `revision ${data.revision ?? "none yet"}, ${data.bindings} role bindings, ${ages(data)}`)]
}

function sourceTroubles({ sources }: Status): readonly Finding[] {
  return sources.flatMap(({ name, failing }) =>
    failing
      ? [
          failed(
            "data",
            `${name} cannot be read since ${failing.since}: ${failing.message}`,
            "mend the source; until then the last good state decides",
          ),
        ]
      : [],
  )
}

function snapshotTroubles({ snapshot }: Status): readonly Finding[] {
  if (!snapshot?.decides) return []
  const age = snapshot.ageSeconds === undefined ? "" : `, ${Math.round(snapshot.ageSeconds)} s old`
  return [failed("data", `decisions rest on the snapshot on disk${age}: the source has not answered since the start`, "check the source")]
}

function roleTroubles({ unknownRoles }: Status): readonly Finding[] {
  if (!unknownRoles || unknownRoles.bindings === 0) return []
  const names = unknownRoles.roles.map(({ role }) => quoted(role)).join(", ")
  return [failed("data", `${unknownRoles.bindings} role bindings name roles that do not exist: ${names}`, "define the roles, or revoke the bindings")]
}

function issuerTroubles({ issuers }: Status): ReadonlyMap<string, Finding> {
  const troubles = issuers.flatMap(({ issuer, lastError }) =>
    lastError === undefined
      ? []
      : [[issuer, failed("data", `the sidecar cannot ask ${quoted(issuer)} for its keys: ${lastError}`, "let the sidecar reach it")] as const],
  )
  return new Map(troubles)
}

function ages({ sources }: Status): string {
  const oldest = Math.max(0, ...sources.map(({ ageSeconds }) => ageSeconds ?? 0))
  return `read ${Math.round(oldest)} s ago`
}
