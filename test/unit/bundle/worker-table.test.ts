import { describe, expect, it } from "vitest"
import { hasWorker, workerTable } from "../../../src/bundle/worker-table.js"

const thread = (code: string): URL =>
  new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort } from "node:worker_threads"\n${code}`)}`)

describe("a table in another thread", () => {
  it("is there in the package only, which is compiled", () => {
    expect(hasWorker()).toBe(false)
  })

  it("fails every call when the thread ends, those to come included", async () => {
    const table = workerTable(thread("parentPort.once('message', () => process.exit(3))"))
    const calls = [table.load(["a", "b", "c"]), table.finish()]
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "ERR_BUNDLE_INVALID" })
    await expect(table.edit([])).rejects.toMatchObject({ code: "ERR_BUNDLE_INVALID" })
  })

  it("fails a call that the thread fails", async () => {
    const table = workerTable(thread("parentPort.on('message', ({ id }) => parentPort.postMessage({ id, problem: 'no memory' }))"))
    await expect(table.finish()).rejects.toMatchObject({ code: "ERR_BUNDLE_INVALID", message: expect.stringContaining("no memory") })
    await table.close()
    await expect(table.finish()).rejects.toMatchObject({ code: "ERR_CLOSED" })
  })

  it("fails its calls when there is no such thread", async () => {
    await expect(workerTable(new URL("file:///nowhere/bundle-worker.js")).finish()).rejects.toMatchObject({ code: "ERR_BUNDLE_INVALID" })
  })
})
