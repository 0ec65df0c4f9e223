import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import type { Config } from "../config/index.js"
import type { Database } from "../database/index.js"
import { messageOf } from "../errors.js"
import { processRegister, type ProcessRegister } from "../fleet/index.js"
import { packageVersion } from "../model/package-version.js"
import { unrefTimers } from "../model/timers.js"
import type { Pdp } from "../pdp/index.js"
import type { Logger } from "../telemetry/index.js"

/**
 * Notes in a database which processes decide on it, this one among them.
 *
 * @returns undefined for SQLite, which one process has for itself
 */
export function databaseProcesses(database: Database, pdp: Pdp, { server }: Config, logger: Logger): ProcessRegister | undefined {
  if (!database.name.startsWith("postgres")) return undefined
  const register = processRegister({
    database,
    id: randomUUID(),
    name: `${hostname()} ${server.listen} (process ${process.pid})`.slice(0, mostText),
    facts: () => {
      const { ready, revision, policy, authorizationData } = pdp.status()
      return { version: packageVersion(), ready, revision, policyDigest: policy.digest, authorizationDataDigest: authorizationData.digest }
    },
    onProblem: (error) => logger.warn({ reason: messageOf(error) }, "other processes on the database do not see what this one runs"),
    timers: unrefTimers,
    now: Date.now,
  })
  const stopListening = pdp.on("activation", register.changed)
  return {
    ...register,
    close: () => {
      stopListening()
      return register.close()
    },
  }
}

const mostText = 200
