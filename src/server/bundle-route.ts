import { matchesEntityTag } from "../bundle/index.js"
import { PdpError } from "../errors.js"
import { clientKey, type FleetClient, type Poll } from "../fleet/index.js"
import { explainedRefusal } from "./administration-refusal.js"
import { refuse } from "./answer.js"
import { bundleClient } from "./bundle-access.js"
import { readBundleRequest, type BundleRequest } from "./bundle-request.js"
import { connectionNumber } from "./connection-number.js"
import type { Exchange, ServerContext } from "./context.js"
import { goneSignal } from "./gone.js"
import { sendBundle, sendUnchanged } from "./send-bundle.js"
import type { ServedBundle } from "./served-bundles.js"

/**
 * `GET` of a bundle for stock OPAs. Who has it already gets 304, after having waited for news as long as it wanted. Who may have it is asked again
 * once all waiting is over.
 */
export function serveBundle(context: ServerContext, exchange: Exchange, name: string): void {
  exchange.route = exchange.request.url?.startsWith("/bundles/") ? "/bundles/{name}" : (exchange.request.url?.split("?", 1)[0] ?? "")
  answer(context, exchange, name).catch((thrown: unknown) => {
    refuse(context, exchange, explainedRefusal(context, exchange.route, exchange.requestId, thrown))
  })
}

async function answer(context: ServerContext, exchange: Exchange, name: string): Promise<void> {
  const { distribution, limits } = context
  const bindings = { incoming: exchange.request, outgoing: exchange.response }
  const client = await bundleClient(context, bindings, name)
  if (!distribution.bundles.names.includes(name)) throw unknownBundle(name, distribution.bundles.names)
  await reached(context, exchange)
  const asked = readBundleRequest(exchange.request, limits.longPollSeconds * 1_000)
  const poll = distribution.fleet.polled(client, name, asked.tag, asked.waitMs)
  const { mayDelta, ...news } = await awaited(context, exchange, { name, client, asked, poll })
  if (news.isGone) return
  await bundleClient(context, bindings, name)
  if (matchesEntityTag(asked.ifNoneMatch, news.bundle.etag)) return sendUnchanged(context, exchange, news)
  const delta =
    asked.takesDelta && mayDelta && asked.tag !== undefined && !news.isStale ? await distribution.bundles.delta(name, asked.tag) : undefined
  await handOut(context, exchange, { name, client, asked, poll }, { ...news, bundle: delta ?? news.bundle, isDelta: delta !== undefined })
}

/** One request for a bundle. */
interface BundlePoll {
  readonly name: string
  readonly client: FleetClient
  readonly asked: BundleRequest
  readonly poll: Poll
}

interface Awaited extends ServedBundle {
  readonly mayDelta: boolean
  readonly isGone: boolean
}

/**
 * The bundle of now, when there is reason to answer: it is another one than the client has, or time is up. The very bundle that a client was sent
 * and could not use is worth no quick answer.
 */
async function awaited(context: ServerContext, { request, response }: Exchange, { name, client, asked, poll }: BundlePoll): Promise<Awaited> {
  const { distribution, now, work } = context
  const startedAt = now()
  const { hold, mayDelta } = asked.isHead
    ? { hold: undefined, mayDelta: false }
    : distribution.memory.arrived(clientKey(client), name, asked.tag, connectionNumber(request.socket))
  const holdMs = Math.min(hold?.ms ?? 0, asked.pollsLong ? Math.max(asked.waitMs, shortHoldMs) : shortHoldMs)
  for (;;) {
    const generation = distribution.generation()
    const { bundle, isStale } = await distribution.bundles.current(name)
    const isKnown = matchesEntityTag(asked.ifNoneMatch, bundle.etag)
    const waitMs = isKnown ? asked.waitMs : hold?.etag === bundle.etag ? holdMs : 0
    const leftMs = startedAt + waitMs - now()
    if (leftMs <= 0 || context.isClosing()) return { bundle, isStale, mayDelta, isGone: response.destroyed }
    if (generation !== distribution.generation()) continue
    work.pause(response)
    const release = poll.held()
    const end = await distribution.polls.wait(name, bundle.etag, leftMs, response).catch((thrown: unknown) => {
      release("answered")
      throw thrown
    })
    release(end === "gone" ? "hungUp" : "answered")
    if (end === "gone") return { bundle, isStale, mayDelta, isGone: true }
  }
}

/** For clients that give up soon. */
const shortHoldMs = 5_000

/** Sends it when the client's turn has come, and remembers that. */
async function handOut(
  context: ServerContext,
  exchange: Exchange,
  { name, client, asked, poll }: BundlePoll,
  sent: ServedBundle & { readonly isDelta: boolean },
): Promise<void> {
  const { memory, slots } = context.distribution
  const key = clientKey(client)
  if (asked.isHead) return sendBundle(context, exchange, name, asked, sent)
  // Whoever is slow takes none of the places of who asks for decisions.
  context.work.pause(exchange.response)
  const giveBack = await slots.take(client.who, goneSignal(exchange.response))
  if (exchange.response.destroyed) return giveBack()
  exchange.response.once("close", giveBack)
  poll.served(sent.bundle.etag, sent.isDelta)
  memory.served(key, name, {
    from: asked.tag,
    etag: sent.bundle.etag,
    isDelta: sent.isDelta,
    connection: connectionNumber(exchange.request.socket),
  })
  sendBundle(context, exchange, name, asked, sent)
}

async function reached(context: ServerContext, { request, response }: Exchange): Promise<void> {
  const wanted = request.headers["x-portcullis-at-least"]
  if (wanted === undefined) return
  const timeoutMs = context.trustOf(request) === "none" ? 0 : context.limits.atLeastSeconds * 1_000
  await context.atLeast(String(wanted), { timeoutMs, signal: goneSignal(response) })
}

function unknownBundle(name: string, names: readonly string[]): PdpError {
  return new PdpError("ERR_NOT_FOUND", `there is no bundle '${name}'; there are ${names.slice(0, 4).join(", ")} to ${names.at(-1) ?? ""}`)
}
