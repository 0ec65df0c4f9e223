import { z } from "zod"

/** What of an OPA's status counts here. Texts are cut to what a table can show. */
export interface StatusReport {
  /** `labels.id`: random for each process, unless the OPA's configuration says otherwise. */
  readonly id: string | undefined
  readonly version: string | undefined
  /** The other labels, 16 at most. */
  readonly labels: Readonly<Record<string, string>>
  /** It ends in good order: what it was doing was called off. */
  readonly isEnding: boolean
  /** By the name in the OPA's configuration; 300 at most. */
  readonly bundles: readonly ReportedBundle[]
}

/** One bundle in it. */
export interface ReportedBundle {
  readonly name: string
  readonly activeRevision: string | undefined
  readonly error: BundleFailure | undefined
}

/** Why an OPA could not take a bundle. */
export interface BundleFailure {
  readonly code: string
  readonly message: string
  /** It could not be fetched at all. Without: it came, and could not be activated. */
  readonly httpCode: string | undefined
}

/**
 * Reads what an OPA posts to `/status`: loosely, because each version says more than the one before.
 *
 * @returns undefined for what is no status at all
 * @see https://www.openpolicyagent.org/docs/management-status
 */
export function readStatusReport(value: unknown): StatusReport | undefined {
  const parsed = Report.safeParse(value)
  if (!parsed.success) return undefined
  const { labels: { id = "", version = "", ...others } = {}, bundles = {} } = parsed.data
  const all = Object.entries(bundles ?? {}).slice(0, mostBundles)
  return {
    id: id === "" ? undefined : id.slice(0, shortText),
    version: version === "" ? undefined : version.slice(0, shortText),
    labels: Object.fromEntries(
      Object.entries(others)
        .slice(0, mostLabels)
        .map(([name, label]) => [name.slice(0, shortText), label.slice(0, shortText)]),
    ),
    isEnding: all.some(([, { message }]) => isCalledOff(message)),
    bundles: all.map(([name, bundle]) => reportedBundle(name, bundle)),
  }
}

const shortText = 128
const longText = 500
const mostLabels = 16
const mostBundles = 300

const text = z.string().optional().catch(undefined)
const Bundle = z.looseObject({
  active_revision: text,
  code: text,
  message: text,
  http_code: z.union([z.string(), z.number()]).optional().catch(undefined),
})
const Report = z.looseObject({
  labels: z.record(z.string(), z.string().catch("")).optional(),
  bundles: z.record(z.string(), Bundle).nullish(),
})

function reportedBundle(name: string, { active_revision: revision, code, message, http_code: httpCode }: z.infer<typeof Bundle>): ReportedBundle {
  return {
    name: name.slice(0, shortText),
    activeRevision: revision === undefined || revision === "" ? undefined : revision.slice(0, shortText),
    error:
      code === undefined || code === "" || isCalledOff(message)
        ? undefined
        : {
            code: code.slice(0, shortText),
            message: (message ?? "").slice(0, longText),
            httpCode: httpCode === undefined || httpCode === "" ? undefined : String(httpCode).slice(0, shortText),
          },
  }
}

/** What Go says of a request that its own program has given up: an OPA does so when it ends. */
function isCalledOff(message: string | undefined): boolean {
  return message !== undefined && /\bcontext canceled$/.test(message)
}
