import { z } from "zod"
import { PdpError } from "../errors.js"
import type { Tokens } from "./tokens.js"

/** One login, as it is kept. */
export interface StoredLogin {
  readonly issuer: string
  readonly clientId: string
  readonly tokens: Tokens
  /** As they were asked for, with the IdP's prefix. */
  readonly scopes: readonly string[]
  /** Where it is refreshed; absent: nowhere. */
  readonly tokenEndpoint?: string
  readonly scopePrefix?: string
}

/** The logins by the sidecar's URL. @throws {PdpError} `ERR_CONFIG_INVALID` naming the file; its content is not shown */
export function parsedLogins(file: string, content: string): Map<string, StoredLogin> {
  const json = jsonOf(file, content)
  const version = z.object({ version: z.number() }).safeParse(json)
  if (version.success && version.data.version > 1)
    throw unreadable(
      `${file} has version ${version.data.version}, and this Portcullis reads 1`,
      "use the Portcullis that wrote it, or move the file away",
    )
  const document = CredentialsFile.safeParse(json)
  if (document.success) return new Map(document.data.logins.map(({ url, ...login }) => [url, login]))
  const [issue] = document.error.issues
  throw unreadable(`${file} is no file of logins: ${issue?.path.map(String).join(".") || "all of it"} is wrong`, startAfresh)
}

/** The text of the file. */
export function loginsText(logins: ReadonlyMap<string, StoredLogin>): string {
  return `${JSON.stringify({ version: 1, logins: [...logins].map(([url, login]) => ({ url, ...login })) }, undefined, 2)}\n`
}

/** The file cannot be used. Nothing is overwritten. */
export function unreadable(problem: string, remedy: string, cause?: unknown): PdpError {
  const from = cause === undefined ? {} : { cause }
  return new PdpError("ERR_CONFIG_INVALID", `${problem}; ${remedy}`, { reason: "credentials_unreadable", details: { problem, remedy }, ...from })
}

const startAfresh = "repair it, or move it away and run 'portcullis auth login' again"

const text = z.string().min(1)
const texts = z.array(z.string()).readonly()
const CredentialsFile = z.strictObject({
  version: z.literal(1),
  logins: z.array(
    z.strictObject({
      url: text,
      issuer: text,
      clientId: text,
      scopes: texts,
      tokenEndpoint: text.exactOptional(),
      scopePrefix: z.string().exactOptional(),
      tokens: z.strictObject({
        accessToken: text,
        refreshToken: text.exactOptional(),
        expiresAt: z.number().exactOptional(),
        scopes: texts.exactOptional(),
      }),
    }),
  ),
})

/** Errors of `JSON.parse` show what they found, which may be a token. */
function jsonOf(file: string, content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    throw unreadable(`${file} holds no JSON`, startAfresh)
  }
}
