import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { generateSigningKey, type SigningKey } from "../../src/bundle/index.js"
import type { Extent } from "../extent.js"
import { inTemporaryFolder } from "../files.js"
import { progress } from "../progress.js"
import { atMost, type Row } from "../row.js"
import { residentMb } from "../server-process.js"
import { median, percentile } from "../statistics.js"
import { inParts, whole } from "./bundle-names.js"
import { granted } from "./grants.js"
import { sizesOf, type Size } from "./sizes.js"
import { startPublisher, type Publisher } from "./start-publisher.js"
import { startStockOpa } from "./stock-opa.js"

/** P12: from a grant until a stock OPA decides on it. */
export async function opaRows(extent: Extent): Promise<readonly Row[]> {
  const opa = process.env["OPA_BIN"]
  if (!opa) return [{ part: "bundles", what: "grant until an OPA decides", note: "not measured, since OPA_BIN names no OPA" }]
  return inTemporaryFolder(async (folder) => {
    const key = await generateSigningKey("ES256")
    writeFileSync(join(folder, "key.pem"), key.privateKeyPem, { mode: 0o600 })
    const rows: Row[] = []
    for (const size of sizesOf(extent))
      for (const { isSigned, parts, takes } of kindsFor(size)) {
        const publisher = await startPublisher(size.count, { parts, ...(isSigned && { keyFile: join(folder, "key.pem") }) })
        try {
          for (const names of takes) rows.push(await measured({ opa, folder, key, size, isSigned, publisher, names, extent }))
        } finally {
          await publisher.stop()
        }
      }
    return rows
  })
}

interface Kind {
  readonly isSigned: boolean
  readonly parts: number
  /** What OPAs take, one after the other. */
  readonly takes: readonly (readonly string[])[]
}

function kindsFor({ count }: Size): readonly Kind[] {
  const signed: Kind = { isSigned: true, parts: 16, takes: [whole, inParts(16)] }
  const smaller: Kind = { isSigned: true, parts: 64, takes: [inParts(64)] }
  return [signed, ...(count > 100_000 ? [smaller] : []), { ...signed, isSigned: false }]
}

interface Arrangement {
  readonly opa: string
  readonly folder: string
  readonly key: SigningKey
  readonly size: Size
  readonly isSigned: boolean
  readonly publisher: Publisher
  readonly names: readonly string[]
  readonly extent: Extent
}

async function measured({ opa, folder, key, size, isSigned, publisher, names, extent }: Arrangement): Promise<Row> {
  const kind = kindOf(isSigned, names)
  progress(`bundles: ${kind}, ${size.name} bindings`)
  const server = await startStockOpa({ opa, publisherUrl: publisher.url, bundles: names, folder, ...(isSigned && { key }) })
  try {
    const isSlow = isSigned && names === whole && size.count > 100_000
    const decided = await granted(publisher, server, names.length, extent.isQuick ? 3 : isSlow ? 8 : 40)
    const ms = decided.map((each) => each.ms)
    const undefinedMs = median(decided.map((each) => each.undefinedMs))
    const gap = undefinedMs > 0 ? `, answers nobody for ${undefinedMs.toFixed(1)} ms of it` : ""
    const p95 = percentile(ms, 0.95)
    return {
      part: "bundles",
      what: `grant until an OPA decides, p95, ${kind}, ${size.name} bindings`,
      note: `p50 ${median(ms).toFixed(1)} ms of ${ms.length}${gap}; OPA has ${Math.round(residentMb(server.pid))} MB`,
      value: p95,
      unit: "ms",
      ...targetOf(isSigned, names, p95),
    }
  } finally {
    await server.stop()
  }
}

function kindOf(isSigned: boolean, names: readonly string[]): string {
  if (names === whole) return isSigned ? "one signed snapshot" : "deltas of one bundle"
  return `${isSigned ? "signed snapshots" : "deltas"} in ${names.length} bundles`
}

function targetOf(isSigned: boolean, names: readonly string[], p95: number): Pick<Row, "target"> {
  if (!isSigned) return atMost("P12", 25, "ms", p95)
  return names === whole ? {} : atMost("P12", 150, "ms", p95)
}
