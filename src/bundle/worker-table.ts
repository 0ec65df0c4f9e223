import { Worker } from "node:worker_threads"
import { PdpError } from "../errors.js"
import type { Archive } from "./archive.js"
import type { ShardEdit, ShardState, ShardTable } from "./shard-table.js"
import type { TableAnswer, TableCall, TableRequest } from "./table-call.js"

/** True where the thread's code is there as JavaScript, which it is in the package. From TypeScript sources there is no such thread. */
export function hasWorker(): boolean {
  return import.meta.url.endsWith(".js")
}

/**
 * A table in a thread of its own, which does not keep the process alive. Calls reject with `ERR_BUNDLE_INVALID` when the thread fails; it is of no use then.
 *
 * @param url of the thread's code
 */
export function workerTable(url: URL = new URL("./bundle-worker.js", import.meta.url)): ShardTable {
  const worker = new Worker(url)
  const waiting = new Map<number, { readonly resolve: (result: never) => void; readonly reject: (error: Error) => void }>()
  let calls = 0
  let broken: PdpError | undefined
  const fail = (cause: unknown): void => {
    broken ??= new PdpError("ERR_BUNDLE_INVALID", "the thread that packs bundles has ended; the next request starts another one", { cause })
    for (const { reject } of waiting.values()) reject(broken)
    waiting.clear()
  }
  worker.unref()
  worker.on("error", fail)
  worker.on("exit", fail)
  worker.on("message", ({ id, result, problem }: TableAnswer & { readonly result: never }) => {
    const call = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) worker.unref()
    if (problem === undefined) call?.resolve(result)
    else call?.reject(new PdpError("ERR_BUNDLE_INVALID", `a bundle cannot be packed: ${problem}`))
  })
  const ask = <Result>(request: TableRequest): Promise<Result> => {
    if (broken) return Promise.reject(broken)
    const call: TableCall = { ...request, id: ++calls }
    return new Promise((resolve, reject) => {
      waiting.set(call.id, { resolve, reject })
      worker.ref()
      worker.postMessage(call)
    })
  }
  return {
    load: (rows) => ask({ op: "load", rows }),
    amend: (rows) => ask({ op: "amend", rows }),
    finish: () => ask<readonly ShardState[]>({ op: "finish" }),
    edit: (rows) => ask<readonly ShardEdit[]>({ op: "edit", rows }),
    pack: async (files, shards) => {
      const { bytes, digest } = await ask<Omit<Archive, "bytes"> & { readonly bytes: Uint8Array }>({ op: "pack", files, shards })
      return { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), digest }
    },
    close: async () => {
      broken ??= new PdpError("ERR_CLOSED", "the bundles are closed")
      await worker.terminate()
    },
  }
}
