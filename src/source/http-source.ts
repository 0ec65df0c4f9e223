import { randomUUID } from "node:crypto"
import type { RoleBinding } from "../model/role-binding.js"
import { bindingPages } from "./binding-pages.js"
import { mostBytes, type BindingsFormat } from "./bindings-format.js"
import { ask, type HttpAnswer } from "../outgoing/index.js"
import { conditionAfter, type HttpCondition } from "./http-condition.js"
import { acceptedTypes, documentFormat } from "./http-document.js"
import { currentHeaders } from "./http-headers.js"
import { httpSettings, type HttpSettings, type HttpSourceOptions } from "./http-settings.js"
import { readAhead, type ReadAhead } from "./read-ahead.js"
import type { Source, SourcePosition, SourceRead } from "./source.js"
import { unavailable } from "../model/unavailable.js"
import { closedSource, throwIfAborted } from "./unavailable.js"

/**
 * Role bindings that a server answers a GET with, in JSON or NDJSON (streamed) as in `fileSource`, by its `Content-Type`, else by the URL's
 * ending. An answer with an `ETag`, or else a `Last-Modified`, is asked for again only if it changed; of others the content is compared, up to
 * 8 MiB. A server that only knows dates may hide a document that is replaced by an older one: give it an `ETag`.
 *
 * Nothing is skipped: one wrong row, and the whole answer is refused; so is any status but 200, a redirect, a compressed or empty answer, and
 * one that is cut off. Link-local and metadata addresses are never asked.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when an option is invalid
 */
export function httpSource(options: HttpSourceOptions): Source {
  return new BindingsOverHttp(options)
}

class BindingsOverHttp implements Source {
  readonly name: string
  readonly #settings: HttpSettings
  readonly #epoch = randomUUID()
  readonly #abort = new AbortController()
  #sequence = 0
  #last: CompleteRead | undefined

  constructor(options: HttpSourceOptions) {
    this.#settings = httpSettings(options)
    this.name = this.#settings.target.place
  }

  async read(after: SourcePosition | undefined, signal: AbortSignal): Promise<SourceRead> {
    this.#assertReadable(signal)
    const ending = this.#ending(signal)
    try {
      return await this.#read(after, signal, ending)
    } catch (thrown) {
      ending.abort()
      this.#assertReadable(signal)
      throw thrown
    }
  }

  async close(): Promise<void> {
    this.#abort.abort()
  }

  async #read(after: SourcePosition | undefined, signal: AbortSignal, ending: AbortController): Promise<SourceRead> {
    const applied = after !== undefined && after === this.#last?.position ? this.#last : undefined
    const { target, maxBytes } = this.#settings
    const answer = await this.#ask(applied?.condition ?? {}, ending.signal)
    if (answer.status === 304 && applied && Object.keys(applied.condition).length > 0) return unchanged(ending)
    const format = documentFormat(target, answer)
    const document = await readAhead(answer.body(Math.min(maxBytes, mostBytes[format])), mostBytes.json)
    if (document.isEmpty)
      throw unavailable(`${this.name} answers with nothing`, 'when there are no bindings, send {"version":1,"bindings":0} or bindings: []')
    const condition = conditionAfter(answer.headers)
    const same = this.#last?.format === format && document.digest !== undefined && this.#last.digest === document.digest ? this.#last : undefined
    if (same) this.#last = { ...same, condition }
    if (same && same.position === after) return unchanged(ending)
    if (document.digest !== undefined) ending.abort()
    const position = same?.position ?? `${this.#epoch}:${++this.#sequence}`
    return { kind: "snapshot", position, pages: this.#pages({ position, format, digest: document.digest, condition }, document, signal, ending) }
  }

  async #ask(condition: HttpCondition, signal: AbortSignal): Promise<HttpAnswer> {
    const given = await currentHeaders(this.name, this.#settings.headers)
    const headers = { "user-agent": "portcullis", ...given, ...condition, accept: acceptedTypes, "accept-encoding": "identity" }
    return ask({ ...this.#settings, headers, signal })
  }

  async *#pages(read: CompleteRead, { chunks }: ReadAhead, signal: AbortSignal, ending: AbortController): AsyncGenerator<readonly RoleBinding[]> {
    try {
      this.#assertReadable(signal)
      yield* bindingPages({ place: this.name, format: read.format, chunks }, () => this.#assertReadable(signal))
      this.#last = read
    } catch (thrown) {
      this.#assertReadable(signal)
      throw thrown
    } finally {
      ending.abort()
    }
  }

  /** Aborts when the reader gives up or the source is closed; whoever aborts it lets go of both. */
  #ending(signal: AbortSignal): AbortController {
    const ending = new AbortController()
    for (const one of [signal, this.#abort.signal]) one.addEventListener("abort", () => ending.abort(), { signal: ending.signal })
    return ending
  }

  #assertReadable(signal: AbortSignal): void {
    if (this.#abort.signal.aborted) throw closedSource(this.name)
    throwIfAborted(this.name, signal)
  }
}

/** An answer that was read to its end. */
interface CompleteRead {
  readonly position: SourcePosition
  readonly format: BindingsFormat
  /** Undefined when there were more bytes than are read ahead. */
  readonly digest: string | undefined
  readonly condition: HttpCondition
}

function unchanged(ending: AbortController): SourceRead {
  ending.abort()
  return { kind: "unchanged" }
}
