import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { answerText } from "../../../src/outgoing/index.js"
import { scriptedIdp } from "../../fixtures/scripted-idp.js"

describe("the text of an answer", () => {
  it("is whole, or empty", async () => {
    expect(await answerText(new Response("grün"))).toBe("grün")
    expect(await answerText(new Response(null))).toBe("")
    expect(await answerText(new Response("12345"), 5)).toBe("12345")
  })

  it("is refused when it has more than is allowed, without being read to its end", async () => {
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent++
        controller.enqueue(new Uint8Array(1024 * 1024))
      },
    })
    await expect(answerText(new Response(endless))).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    expect(sent).toBeLessThan(5)
  })

  it("is counted unpacked", async () => {
    const { origin } = await scriptedIdp({ text: gzipSync(Buffer.alloc(3 * 1024 * 1024)), headers: { "content-encoding": "gzip" } })
    await expect(answerText(await fetch(origin))).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
  })
})
