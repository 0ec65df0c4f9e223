import {
  compileIndex,
  loadAuthorizationData,
  readAuthorizationDataFiles,
  type AuthorizationDocument,
  type LoadedAuthorizationData,
} from "../authorization-data/index.js"
import { loadBuiltPolicy, type WasmPolicy } from "../policy/index.js"
import type { PdpOptions } from "./options.js"

/** One of the product's policies with the authorization data that it decides on. */
export interface ProductPolicy {
  readonly policy: WasmPolicy
  readonly loaded: LoadedAuthorizationData
  /** `data.authz_data`. */
  readonly authzData: unknown
}

/**
 * Reads, checks and compiles authorization data, and loads the profile's policy with it.
 *
 * @param known what decides now; returned itself when the data is the same
 * @throws {PdpError} `ERR_AUTHORIZATION_DATA_INVALID`, `ERR_POLICY_INVALID`, `ERR_SOURCE_UNAVAILABLE`
 */
export async function loadProductPolicy(options: PdpOptions, known?: ProductPolicy): Promise<ProductPolicy> {
  const profile = options.profile ?? "hardened"
  const loaded = loadAuthorizationData({ documents: await documentsOf(options.authorizationData), profile })
  if (known && known.loaded.digest === loaded.digest) return { ...known, loaded }
  const index = compileIndex(loaded.data, { profile, ...(options.scopes && { scopes: options.scopes }) })
  const authzData = { roles: Object.fromEntries(loaded.data.roles), index }
  const policy = await loadBuiltPolicy({
    profile,
    data: { authz_data: authzData },
    ...(options.memoryLimitMb && { memoryLimitMb: options.memoryLimitMb }),
  })
  return { policy, loaded, authzData }
}

/** The files among the authorization data, for watching. */
export function authorizationDataFiles(authorizationData: PdpOptions["authorizationData"]): readonly string[] {
  return listOf(authorizationData).filter((document) => typeof document === "string")
}

async function documentsOf(authorizationData: PdpOptions["authorizationData"]): Promise<readonly AuthorizationDocument[]> {
  const documents = await Promise.all(listOf(authorizationData).map(readDocument))
  return documents.flat()
}

async function readDocument(document: string | object): Promise<readonly AuthorizationDocument[]> {
  return typeof document === "string" ? readAuthorizationDataFiles([document]) : [{ ...document }]
}

function listOf(authorizationData: PdpOptions["authorizationData"]): readonly (string | object)[] {
  if (authorizationData === undefined) return []
  return Array.isArray(authorizationData) ? authorizationData : [authorizationData]
}
