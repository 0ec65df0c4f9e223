import type { Command } from "commander"
import { PdpError } from "../errors.js"
import { freshAccessToken, type CredentialStore, type FreshTokenOptions } from "../login/index.js"
import { failureText } from "./exit-code.js"
import { loginStore } from "./login-folder.js"
import { assertMayCarrySecrets } from "./sidecar-url.js"
import type { Terminal } from "./terminal.js"

/** Who a command asks as. */
export type Identity = NamedPrincipal | BearerToken

/** A name that a sidecar believes from this machine, or does not. */
export interface NamedPrincipal {
  readonly kind: "principal"
  readonly source: "--as" | "PORTCULLIS_PRINCIPAL"
  /** As role bindings store it. */
  readonly principal: string
}

/** A token that proves it. */
export interface BearerToken {
  readonly kind: "token"
  readonly source: "PORTCULLIS_TOKEN" | "login"
  /** One that is good for a while: a stored one is refreshed when it is about to expire. @throws {PdpError} `ERR_UNAUTHENTICATED` when that fails */
  token(): Promise<string>
  /** Another one, after a sidecar found this one expired; undefined when there is none to be had. */
  renewed(): Promise<string | undefined>
}

/**
 * What comes first of `--as`, `PORTCULLIS_TOKEN`, `PORTCULLIS_PRINCIPAL` and the login stored for a sidecar; undefined when there is none of them.
 * What no header can carry is wrong usage, and ends the command.
 *
 * @param url as {@link sidecarUrl} gives it
 * @throws {PdpError} `ERR_CONFIG_INVALID` when a token would be readable on its way
 */
export async function identityFor(url: string, as: string | undefined, command: Command, terminal: Terminal): Promise<Identity | undefined> {
  if (as !== undefined && as !== "") return named(as, "--as", command)
  const principal = terminal.environment["PORTCULLIS_PRINCIPAL"] ?? ""
  const token = environmentToken(command, terminal)
  if (token === undefined && principal !== "") return named(principal, "PORTCULLIS_PRINCIPAL", command)
  const identity = token === undefined ? await loggedIn(url, terminal) : givenToken(token)
  if (identity) assertMayCarrySecrets(url)
  return identity
}

/** The login stored for a sidecar. What is refreshed is said on the terminal. */
export async function loggedIn(url: string, terminal: Terminal): Promise<BearerToken | undefined> {
  const store = loginStore(terminal)
  return (await store.read(url)) && storedToken(store, url, terminal)
}

/** `PORTCULLIS_TOKEN`, when it is set. */
export function environmentToken(command: Command, { environment }: Terminal): string | undefined {
  const token = (environment["PORTCULLIS_TOKEN"] ?? "").trim()
  if (token === "") return undefined
  if (!bearerToken.test(token))
    return command.error("error: PORTCULLIS_TOKEN holds something else than one token; set it to the token alone, without 'Bearer' before it")
  return token
}

/** The header that says who asks. @throws {PdpError} as {@link BearerToken.token} does */
export async function identityHeaders(identity: Identity): Promise<Readonly<Record<string, string>>> {
  return identity.kind === "principal" ? { "X-NMP-Principal-Id": identity.principal } : authorizationHeader(await identity.token())
}

/**
 * The header that carries a token (RFC 6750).
 *
 * @throws {PdpError} `ERR_UNAUTHENTICATED` when no header can carry it; Node's own error would show it
 */
export function authorizationHeader(token: string): Readonly<Record<string, string>> {
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new PdpError("ERR_UNAUTHENTICATED", "what is stored as a token is none; log in again with 'portcullis auth login'", {
      reason: "token_malformed",
    })
  return { Authorization: `Bearer ${token}` }
}

/** The alphabet of RFC 6750. */
const bearerToken = /^[\w\-.~+/]+=*$/

function named(principal: string, source: NamedPrincipal["source"], command: Command): NamedPrincipal {
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(principal))
    return command.error(`error: ${source} takes printable ASCII characters only, which is what a header can carry`)
  return { kind: "principal", source, principal }
}

function givenToken(token: string): BearerToken {
  return { kind: "token", source: "PORTCULLIS_TOKEN", token: async () => token, renewed: async () => undefined }
}

function storedToken(store: CredentialStore, url: string, terminal: Terminal): BearerToken {
  const options: FreshTokenOptions = {
    now: terminal.now,
    onRefresh: (hasExpired, host) =>
      terminal.err(`portcullis: the login ${hasExpired ? "has expired" : "is about to expire"}, and is refreshed at ${host}\n`),
    onProblem: (problem) => terminal.err(failureText(problem)),
  }
  return {
    kind: "token",
    source: "login",
    async token() {
      const token = await freshAccessToken(store, url, options)
      if (token !== undefined) return token
      throw new PdpError("ERR_UNAUTHENTICATED", `the login for ${url} has been removed; log in again with 'portcullis auth login'`, {
        reason: "login_expired",
      })
    },
    renewed: () => freshAccessToken(store, url, { ...options, force: true }),
  }
}
