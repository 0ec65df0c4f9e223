import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { onTestFinished } from "vitest"
import type { RoleBinding } from "../../../src/model/role-binding.js"
import { httpSource, type HttpSourceOptions, type Source, type SourceRead } from "../../../src/source/index.js"
import { documentServer, rawServer, type DocumentServer } from "../../fixtures/document-server.js"

/** A signal for a read that nobody aborts. */
export const open: AbortSignal = new AbortController().signal

/** One binding, and the same as a line of NDJSON and as JSON. */
export const ann = { principal: "ann", workspace: "ml", role: "Viewer" }
export const line = `${JSON.stringify(ann)}\n`
export const json = JSON.stringify({ version: 1, bindings: [ann] })

/** Bindings that take more bytes than are read ahead. */
export const manyCount = 30_000
export const many = `${JSON.stringify({ ...ann, principal: "p".repeat(300) })}\n`.repeat(manyCount)

export const ndjson = { "content-type": "application/x-ndjson" }

/** What every refused read rejects with. */
export const unavailable = { name: "PdpError", code: "ERR_SOURCE_UNAVAILABLE" }

/** A source, and the server that it reads. */
export interface Served {
  readonly source: Source
  readonly server: DocumentServer
}

/** A source on a server that speaks HTTP. */
export async function served(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  path = "bindings",
  options: Partial<HttpSourceOptions> = {},
): Promise<Served> {
  return on(await documentServer(answer), path, options)
}

/** A source on a server that need not speak HTTP. */
export async function servedRaw(
  answer: (socket: Socket) => void,
  path = "bindings.ndjson",
  options: Partial<HttpSourceOptions> = {},
): Promise<Served> {
  return on(await rawServer(answer), path, options)
}

/** A source on a server that always answers the same. */
export function answering(headers: Readonly<Record<string, string>>, body: string | Uint8Array, path = "bindings", status = 200): Promise<Served> {
  return served((_, response) => response.writeHead(status, headers).end(body), path)
}

/** A source on that server; both are closed when the test is over. */
export function on(server: DocumentServer, path: string, options: Partial<HttpSourceOptions>): Served {
  const source = httpSource({ url: `${server.origin}${path}`, ...options })
  onTestFinished(async () => {
    await source.close()
    await server.close()
  })
  return { source, server }
}

/** What a read brings. */
export async function bindingsOf(read: SourceRead): Promise<readonly RoleBinding[]> {
  const bindings: RoleBinding[] = []
  if (read.kind === "snapshot") for await (const page of read.pages) bindings.push(...page)
  return bindings
}

/** What a first read brings. */
export async function bindingsIn({ source }: Served, signal: AbortSignal = open): Promise<readonly RoleBinding[]> {
  return bindingsOf(await source.read(undefined, signal))
}

/** Reads as a PDP does. @returns what came, and where the reader stands now */
export async function readAll(
  { source }: Served,
  after?: string,
): Promise<{ readonly kind: SourceRead["kind"]; readonly position: string | undefined }> {
  const read = await source.read(after, open)
  await bindingsOf(read)
  return { kind: read.kind, position: "position" in read ? read.position : after }
}

/** Something that happens once. */
interface Gate {
  readonly opened: Promise<void>
  open(): void
}

export function gate(): Gate {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}
