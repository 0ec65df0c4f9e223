import { createHash } from "node:crypto"
import { z } from "zod"
import type { WriteTransaction } from "../database/index.js"
import { PdpError } from "../errors.js"
import { formatRevision } from "../model/revision.js"
import { IdempotencyKey, parseInput } from "./names.js"

/** Makes a write that is tried twice happen once. */
export interface Idempotency {
  /** Chosen by the caller, unique to the write. */
  readonly key: string
  /** What is written; the same key with another one is an error. */
  readonly body: string
}

const keptMs = 24 * 60 * 60 * 1_000

const Kept = z.object({ body_digest: z.string(), answer: z.string(), revision: z.number() })

/**
 * What the same write answered before.
 *
 * @throws {PdpError} `ERR_IDEMPOTENCY_KEY_REUSED` when the key came with another body, `ERR_INPUT_INVALID` for a malformed key
 */
export async function recalled<Value>(
  transaction: WriteTransaction,
  principal: string,
  route: string,
  { key, body }: Idempotency,
): Promise<{ readonly value: Value; readonly revision: string } | undefined> {
  parseInput(IdempotencyKey, key, "the idempotency key")
  await transaction.all("DELETE FROM portcullis_idempotency_keys WHERE created_at < ?", transaction.now - keptMs)
  const [row] = await transaction.all(
    "SELECT body_digest, answer, revision FROM portcullis_idempotency_keys WHERE principal = ? AND route = ? AND key = ?",
    principal,
    route,
    key,
  )
  if (!row) return undefined
  const kept = Kept.parse(row)
  if (kept.body_digest !== digestOf(body))
    throw new PdpError("ERR_IDEMPOTENCY_KEY_REUSED", `the idempotency key '${key}' came before with another body; choose a new key for a new write`)
  return { value: JSON.parse(kept.answer), revision: formatRevision({ ...transaction.revision(), sequence: kept.revision }) }
}

/** Keeps the answer, in the transaction of the write. */
export async function remember(
  transaction: WriteTransaction,
  principal: string,
  route: string,
  { key, body }: Idempotency,
  value: unknown,
): Promise<void> {
  await transaction.all(
    `INSERT INTO portcullis_idempotency_keys (principal, route, key, body_digest, answer, revision, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    principal,
    route,
    key,
    digestOf(body),
    JSON.stringify(value ?? null),
    transaction.revision().sequence,
    transaction.now,
  )
}

function digestOf(body: string): string {
  return createHash("sha256").update(body).digest("base64url")
}
