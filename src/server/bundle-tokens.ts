import type { IncomingMessage } from "node:http"
import { PdpError } from "../errors.js"
import { tokenDigest, tokenTable, tokenUses, type FleetToken, type TokenEntry, type TokenUse } from "../fleet/index.js"
import type { Timers } from "../model/timers.js"
import { rereadFiles } from "./reread-files.js"
import { secretPattern, secretsOf } from "./secret-file.js"

/** A token by which OPAs and other programs prove who they are. */
export interface BundleTokenOptions {
  /** Shown in logs and in the fleet. */
  readonly name: string
  /** 16 to 1,024 visible ASCII characters. One of this and `tokenFile`. */
  readonly token?: string | undefined
  /** A file with one value, or two while they are exchanged, each in a line of its own. Read again when it changes. */
  readonly tokenFile?: string | undefined
  /** What it is for. Default: `bundle`, `status`, `logs`. */
  readonly allow?: readonly TokenUse[] | undefined
  /** The bundles that it is for. Default: all. */
  readonly bundles?: readonly string[] | undefined
}

/** Finds out who shows a bundle token. */
export interface BundleTokens {
  /** Whose token a request carries in `Authorization: Bearer`. Undefined: nobody's, and then it may be another kind of token. */
  find(request: Pick<IncomingMessage, "headers" | "rawHeaders">): FleetToken | undefined
  /** Stops watching files. */
  close(): void
}

/**
 * Reads tokens, and keeps their digests only.
 *
 * @param onProblem a file has changed and makes no sense: the values from before hold on
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the token that is wrong, never its value
 */
export function bundleTokens(
  options: readonly BundleTokenOptions[],
  { onProblem, timers }: { readonly onProblem: (error: PdpError) => void; readonly timers?: Timers | undefined },
): BundleTokens {
  const closes: (() => void)[] = []
  const names = new Set<string>()
  const entries = options.map((one): TokenEntry => {
    if (names.has(one.name)) throw wrong(one.name, "is there twice; give each token a name of its own")
    names.add(one.name)
    return { name: one.name, allow: new Set(one.allow ?? usualUses), bundles: one.bundles && new Set(one.bundles), digests: digestsOf(one) }
  })
  const find = tokenTable(entries)
  return {
    find(request) {
      const value = bearerOf(request)
      return value === undefined ? undefined : find(value)
    },
    close: () => closes.forEach((close) => close()),
  }

  function digestsOf({ name, token, tokenFile }: BundleTokenOptions): () => readonly Uint8Array[] {
    if ((token === undefined) === (tokenFile === undefined)) throw wrong(name, "needs either token or token_file; set one of them")
    if (token !== undefined) {
      if (!secretPattern.test(token)) throw wrong(name, "is not 16 to 1,024 visible ASCII characters; make one with 'openssl rand -hex 32'")
      const digests = [tokenDigest(token)]
      return () => digests
    }
    const path = tokenFile ?? ""
    const read = ([content]: readonly Buffer[]): readonly Uint8Array[] => secretsOf(path, content?.toString("utf8") ?? "").map(tokenDigest)
    const file = rereadFiles({ paths: [path], read, onProblem, timers })
    closes.push(file.close)
    return file.current
  }
}

const usualUses: readonly TokenUse[] = tokenUses.filter((use) => use !== "pdp")

/** A header that comes twice is left to whoever refuses that. */
function bearerOf({ headers, rawHeaders }: Pick<IncomingMessage, "headers" | "rawHeaders">): string | undefined {
  const { authorization } = headers
  if (authorization === undefined) return undefined
  const [, value] = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization) ?? []
  const isAlone = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "authorization").length === 1
  return isAlone ? value : undefined
}

function wrong(name: string, problem: string): PdpError {
  return new PdpError("ERR_CONFIG_INVALID", `the bundle token '${name}' ${problem}`)
}
