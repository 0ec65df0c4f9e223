import { once } from "node:events"
import { createServer } from "node:http"
import { expect, it, onTestFinished } from "vitest"
import { getJson } from "../../../src/outgoing/index.js"

async function serving(body: string | Buffer): Promise<string> {
  const server = createServer((_request, response) => void response.writeHead(200, { "Content-Type": "application/json" }).end(body))
  onTestFinished(() => void server.close())
  await once(server.listen(0, "127.0.0.1"), "listening")
  const address = server.address()
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`
}

it("gives what a document says", async () => {
  expect((await getJson({ url: await serving('{"keys":[{"kid":"a"},{"kid":"b"}]}') })).json).toEqual({ keys: [{ kid: "a" }, { kid: "b" }] })
})

it.each([
  ["a member twice", '{"keys":[],"keys":[{}]}'],
  ["a member twice, once in escapes", '{"jwks_uri":"https://a.example","jwks_\\u0075ri":"https://b.example"}'],
  ["a member twice, deep inside", '{"keys":[{"e":"AQAB","e":"AQ"}]}'],
  ["bytes that are no UTF-8", Buffer.from([0x22, 0xff, 0x22])],
  ["a lone surrogate", '"\\ud800"'],
  ["too many levels", "[".repeat(65) + "]".repeat(65)],
  ["no JSON", "{keys:[]}"],
])("refuses a document with %s", async (_, body) => {
  await expect(getJson({ url: await serving(body) })).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
})
