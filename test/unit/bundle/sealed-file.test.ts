import { gunzipSync } from "node:zlib"
import { unpackTar } from "modern-tar"
import { describe, expect, it } from "vitest"
import { joinFiles, sealFile, unsealFile } from "../../../src/bundle/sealed-file.js"

const bodies = [0, 1, 511, 512, 513, 70_000, 1_500_000].map((size) => Buffer.alloc(size, "some text "))

describe("files that are compressed one by one", () => {
  it("make one gzip stream with one tar, in any order", async () => {
    const files = await Promise.all(bodies.map((body, at) => sealFile({ name: `folder/${at}.json`, body })))
    for (const order of [files, files.toReversed(), files.slice(2, 3), []]) {
      const entries = await unpackTar(gunzipSync(joinFiles(order)), { strict: true })
      expect(entries.map(({ header }) => header.name)).toEqual(order.map(({ name }) => name))
      for (const [at, { data }] of entries.entries()) expect(data?.length).toBe(order[at]?.size)
    }
  })

  it("give their contents back", async () => {
    for (const body of bodies) expect((await unsealFile(await sealFile({ name: "a".repeat(180), body }))).equals(body)).toBe(true)
  })
})
