import { AsyncLocalStorage } from "node:async_hooks"
import { join } from "node:path"
import { privateContent, privateFolder, replacePrivate } from "./credential-file.js"
import { loginsText, parsedLogins, type StoredLogin } from "./stored-login.js"
import { withLock, type LockHooks } from "./store-lock.js"

export type { StoredLogin } from "./stored-login.js"

/** Where logins are kept, one for each sidecar. */
export interface CredentialStore {
  readonly file: string
  /**
   * @param url the sidecar's, with or without a slash at the end
   * @throws {PdpError} `ERR_CONFIG_INVALID` when the file is not usable
   */
  read(url: string): Promise<StoredLogin | undefined>
  /** The sidecars for which there is a login. @throws {PdpError} as `read` does */
  urls(): Promise<readonly string[]>
  /** Keeps the others. @throws {PdpError} `ERR_CONFIG_INVALID` when the file is not usable; it is not overwritten then */
  write(url: string, login: StoredLogin): Promise<void>
  /** @returns whether there was one */
  remove(url: string): Promise<boolean>
  /**
   * Runs `work` while no other process writes logins. Within it `write` and `remove` do not wait.
   *
   * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` naming the lock's owner when it stays locked for 30 seconds
   */
  locked<T>(work: () => Promise<T>): Promise<T>
}

/** How a store tells, and waits. */
export interface CredentialStoreOptions {
  /** Told what was put right, for people: permissions that were too wide. */
  readonly onNotice?: (text: string) => void
  readonly hooks?: LockHooks
}

/**
 * Keeps logins in `credentials.json` of a folder. Only the owner may read them; the file is replaced whole.
 *
 * @param folder made when it is missing
 */
export function credentialStore(folder: string, { onNotice = () => undefined, hooks = {} }: CredentialStoreOptions = {}): CredentialStore {
  const file = join(folder, "credentials.json")
  const holding = new AsyncLocalStorage<true>()

  const readAll = async (): Promise<Map<string, StoredLogin>> => {
    const content = await privateContent(file, onNotice)
    return content === undefined ? new Map() : parsedLogins(file, content)
  }
  const locked = async <T>(work: () => Promise<T>): Promise<T> => {
    if (holding.getStore()) return work()
    await privateFolder(file, onNotice)
    return withLock(join(folder, "credentials.lock"), () => holding.run(true, work), hooks)
  }

  return {
    file,
    locked,
    read: async (url) => (await readAll()).get(keyOf(url)),
    urls: async () => [...(await readAll()).keys()],
    write: (url, login) =>
      locked(async () => {
        const logins = await readAll()
        await replacePrivate(file, loginsText(logins.set(keyOf(url), login)))
      }),
    remove: async (url) => {
      if ((await readAll()).size === 0) return false
      return locked(async () => {
        const logins = await readAll()
        if (!logins.delete(keyOf(url))) return false
        await replacePrivate(file, loginsText(logins))
        return true
      })
    },
  }
}

/** One key for the spellings of one URL. */
function keyOf(url: string): string {
  if (!URL.canParse(url)) return url.replace(/\/+$/, "")
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`.replace(/\/+$/, "")
}
