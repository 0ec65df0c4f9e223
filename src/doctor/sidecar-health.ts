import { z } from "zod"
import { failed, passed, quoted, unchecked, type Finding } from "./finding.js"
import type { Sidecar, SidecarReply } from "./sidecar.js"

/** Is it up, and are its data fresh? */
export interface SidecarHealth {
  readonly findings: readonly Finding[]
  readonly isUp: boolean
  /** By how many milliseconds its clock is ahead of this machine's; undefined when it does not tell. */
  readonly aheadMs: number | undefined
}

/** Asks `/health/ready` and `/status`. */
export async function checkSidecar(sidecar: Sidecar, now: () => number): Promise<SidecarHealth> {
  const ready = await sidecar.ask("/health/ready")
  const aheadMs = "lost" in ready || ready.date === undefined ? undefined : ready.date - now()
  const readiness = readinessFinding(sidecar, ready)
  if ("lost" in ready) return { findings: [readiness, unchecked("data", "the sidecar does not answer")], isUp: false, aheadMs }
  return { findings: [readiness, ...statusFindings(await sidecar.ask("/status"))], isUp: true, aheadMs }
}

function readinessFinding({ url }: Sidecar, ready: SidecarReply): Finding {
  if ("lost" in ready)
    return failed("sidecar", `${url} does not answer: ${ready.lost}`, "start it with 'portcullis serve', or name another one with --url")
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
})
type Status = Readonly<z.infer<typeof Status>>

function statusFindings(reply: SidecarReply): readonly Finding[] {
  if ("lost" in reply) return [unchecked("data", `/status does not answer: ${reply.lost}`)]
  if (reply.status !== 200) return [unchecked("data", `/status is not told here (${reply.status})`, "run this on the machine of the sidecar")]
  const { data } = Status.safeParse(reply.body)
  if (!data) return [unchecked("data", "/status tells something else than is due", "name a Portcullis sidecar with --url")]
  const troubles = [...sourceTroubles(data), ...snapshotTroubles(data), ...roleTroubles(data), ...issuerTroubles(data)]
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

function issuerTroubles({ issuers }: Status): readonly Finding[] {
  return issuers.flatMap(({ issuer, lastError }) =>
    lastError === undefined
      ? []
      : [failed("data", `the sidecar cannot ask ${quoted(issuer)} for its keys: ${lastError}`, "let the sidecar reach it")],
  )
}

function ages({ sources }: Status): string {
  const oldest = Math.max(0, ...sources.map(({ ageSeconds }) => ageSeconds ?? 0))
  return `read ${Math.round(oldest)} s ago`
}
