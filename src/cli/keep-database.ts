import { otherSpellings, seed, sweepExpired, type Seeded } from "../administration/index.js"
import type { Config } from "../config/index.js"
import type { Database } from "../database/index.js"
import { messageOf } from "../errors.js"
import type { KnownProcess } from "../fleet/index.js"
import type { Pdp } from "../pdp/index.js"
import { unrefTimers } from "../model/timers.js"
import type { Logger } from "../telemetry/index.js"
import { databaseProcesses } from "./database-processes.js"
import { importWhenNew } from "./import-when-new.js"

/** A database that is seeded, swept and watched over while the sidecar runs. */
export interface KeptDatabase {
  /** What an operator should know, in words. */
  notices(): readonly string[]
  /** The other processes on it. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
  processes(): Promise<readonly KnownProcess[]>
  /** Stops, and takes this process out. */
  stop(): Promise<void>
}

/**
 * Fills a new database, seeds it, and notes what expires. What cannot be done while the database does not answer is done when it does.
 * Resolves after the first try; decisions reflect it then.
 */
export async function keepDatabase(database: Database, pdp: Pdp, config: Config, logger: Logger): Promise<KeptDatabase> {
  let seeded: Seeded | undefined
  const prepare = async (): Promise<void> => {
    try {
      await importWhenNew(database, config, logger)
      seeded = await seed(database, { ...seedOptions(config), roles: new Set(pdp.roles().keys()) })
      logSeeded(seeded, logger)
      await sweepExpired(database)
      await pdp.refresh()
    } catch (thrown) {
      logger.warn({ reason: messageOf(thrown) }, "the database is not seeded yet")
    }
  }
  const sweep = (): void =>
    void sweepExpired(database).catch((thrown: unknown) => logger.warn({ reason: messageOf(thrown) }, "what has expired is not noted yet"))
  let cancelRetry = (): void => undefined
  const prepareUntilDone = async (): Promise<void> => {
    await prepare()
    if (!seeded) cancelRetry = unrefTimers.after(retryMs, () => void prepareUntilDone())
  }
  await prepareUntilDone()
  const stopListening = pdp.on("activation", ({ cause }) => {
    if (cause === "expiry") sweep()
  })
  let spellings: readonly string[] = []
  let looking: Promise<void> | undefined
  const look = async (): Promise<void> => {
    if (config.auth.admin_email !== undefined) spellings = await otherSpellings(database, config.auth.admin_email).catch(() => spellings)
  }
  const notices = (): readonly string[] => {
    const { admin_email: adminEmail } = config.auth
    if (adminEmail === undefined) return []
    // What is known answers at once; a database that does not answer keeps nobody waiting.
    looking ??= look().finally(() => (looking = undefined))
    const revoked = seeded?.leftRevoked.some(({ role }) => role === "PlatformAdmin") ?? false
    return [...(revoked ? [revokedNotice(adminEmail)] : []), ...spellings.map((name) => spellingNotice(name, adminEmail))]
  }
  await look()
  for (const notice of notices()) logger.warn(notice)
  const register = databaseProcesses(database, pdp, config, logger)
  return {
    notices,
    processes: async () => (await register?.others()) ?? [],
    stop: async () => {
      cancelRetry()
      stopListening()
      await register?.close()
    },
  }
}

const retryMs = 5_000

function seedOptions({ auth, seed: seeds, profile }: Config): Parameters<typeof seed>[1] {
  return {
    adminEmail: auth.admin_email,
    defaultWorkspace: auth.default_workspace,
    everybodyViews: seeds.wildcard_viewer,
    everybodyCreates: seeds.wildcard_creator,
    everybodyEdits: seeds.wildcard_editor ?? profile === "nemo",
  }
}

function logSeeded({ granted, leftRevoked, leftOut }: Seeded, logger: Logger): void {
  for (const binding of granted) logger.info(binding, "role binding seeded")
  for (const binding of leftRevoked) logger.info(binding, "role binding of the configuration has been revoked, and stays so")
  for (const binding of leftOut) logger.warn(binding, "role binding of the configuration is left out: the authorization data has no such role")
}

function revokedNotice(adminEmail: string): string {
  return `auth.admin_email '${adminEmail}' was PlatformAdmin, has been revoked, and is not restored; another PlatformAdmin can grant it again`
}

function spellingNotice(name: string, adminEmail: string): string {
  return `'${name}' holds roles and differs from auth.admin_email '${adminEmail}' only in upper and lower case: they are two principals`
}
