import { inspect } from "node:util"
import { describe, expect, it, onTestFinished } from "vitest"
import { httpSource } from "../../../src/source/index.js"
import { rawServer } from "../../fixtures/document-server.js"
import { bindingsOf, open, unavailable } from "./served-source.js"

describe("the HTTP source goes", () => {
  it.each([
    "http://example.com/bindings.json",
    "http://10.0.0.1/",
    "http://localhost.example.com/",
    "http://0.0.0.0/",
    "http://[::ffff:10.0.0.1]/",
    "ftp://localhost/",
    "file:///etc/passwd",
    "bindings.json",
    "",
    "https://",
    "https://a%zz:b@example.com/",
    "https://a:%ff@example.com/",
    "https://169.254.169.254/latest/meta-data",
    "https://2852039166/",
    "https://0xa9.0xfe.1/",
    "https://[fe80::1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[64:ff9b::169.254.169.254]/",
    "https://[fd00:ec2::254]/",
    "https://100.100.100.200/",
    "https://0.0.0.0/",
    "https://[::]/",
  ])("not to %s", (url) => {
    expect(() => httpSource({ url })).toThrow(expect.objectContaining({ name: "PdpError", code: "ERR_CONFIG_INVALID" }))
  })

  it.each(["https://10.1.2.3/", "https://[fd00::1]/", "https://100.64.0.1/", "http://127.9.9.9:1/", "http://[::1]/", "http://LOCALHOST/"])(
    "to %s",
    (url) => {
      expect(httpSource({ url }).name).toBe(url.toLowerCase())
    },
  )

  it.each([
    ["https", "169.254.169.254"],
    ["https", "fe80::1"],
    ["https", "::ffff:169.254.1.1"],
    ["https", "fd00:ec2::254"],
    ["https", "168.63.129.16"],
    ["https", "0.0.0.0"],
    ["https", "not an address"],
    ["http", "10.0.0.1"],
    ["http", "::ffff:10.0.0.1"],
  ])("by %s not to a name that means %s, even beside another address", async (scheme, address) => {
    const asked: string[] = []
    const resolve = async (host: string) => {
      asked.push(host)
      return [
        { address: "127.0.0.1", family: 4 },
        { address, family: address.includes(":") ? 6 : 4 },
      ]
    }
    const source = httpSource({ url: `${scheme}://localhost:1/`, resolve })
    await expect(source.read(undefined, open)).rejects.toMatchObject(unavailable)
    await expect(source.read(undefined, open)).rejects.toThrow(`localhost resolves to ${address}`)
    expect(asked).toEqual(["localhost", "localhost"])
  })

  it("nowhere when a name means nothing, or cannot be resolved", async () => {
    for (const resolve of [async () => [], () => Promise.reject(new Error("EAI_AGAIN"))])
      await expect(httpSource({ url: "https://idp.example/", resolve }).read(undefined, open)).rejects.toMatchObject(unavailable)
  })

  it.each([
    { timeoutMs: 0 },
    { timeoutMs: 1.5 },
    { timeoutMs: 2 ** 31 },
    { maxBytes: 0 },
    { maxBytes: Number.NaN },
    { headers: { "a b": "c" } },
    { headers: { a: "b\nc" } },
    { headers: { Host: "b" } },
    { headers: { "if-match": "*" } },
    { headers: { Range: "bytes=0-1" } },
  ])("nowhere with the option %j", (options) => {
    expect(() => httpSource({ url: "https://example.com/", ...options })).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })

  it("nowhere when the function that reads the headers answers one that is not allowed, or fails", async () => {
    for (const headers of [async () => ({ host: "example.com" }), () => Promise.reject(new Error("gone"))])
      await expect(httpSource({ url: "http://127.0.0.1:1/", headers }).read(undefined, open)).rejects.toThrow("was not asked")
  })
})

describe("the HTTP source keeps secrets", () => {
  const secret = "s3cr3t"

  it("out of its name", () => {
    expect(httpSource({ url: `https://ann:${secret}@example.com:8443/bindings.json?token=${secret}#${secret}` }).name).toBe(
      "https://example.com:8443/bindings.json",
    )
  })

  it.each([
    `nonsense ${secret}`,
    `ftp://${secret}@example.com/?${secret}`,
    `http://ann:${secret}@example.com/?${secret}`,
    `https://${secret}%zz:%@169.254.1.1/`,
  ])("out of the refusal of %s", (url) => {
    expect(thrownBy(() => httpSource({ url }))).not.toContain(secret)
  })

  it("out of the refusal of a header", () => {
    expect(thrownBy(() => httpSource({ url: "https://example.com/", headers: { authorization: `Bearer ${secret}\n` } }))).not.toContain(secret)
  })

  it("out of errors of the function that reads the headers", async () => {
    for (const headers of [async () => JSON.parse(`${secret}`), async () => ({ authorization: `${secret}\n` })]) {
      const source = httpSource({ url: "https://example.com/", headers })
      expect(await source.read(undefined, open).catch(everythingOf)).not.toContain(secret)
    }
  })

  it.each([
    ["a refused connection", undefined],
    ["a status", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"],
    ["bytes that are no HTTP", "HTTP/1.1 200 OK\r\nA\x00B: $REQUEST\r\n\r\n"],
    ["a wrong row", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"],
    ["a body that is cut off", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"],
  ])("out of errors: %s", async (_, bytes) => {
    const server = await rawServer((socket) => (bytes === undefined ? socket.resetAndDestroy() : socket.end(bytes.replace("$REQUEST", secret))))
    onTestFinished(() => server.close())
    const url = `${server.origin.replace("//", `//ann:${secret}@`)}a.ndjson?token=${secret}`
    const source = httpSource({ url, headers: { "x-key": secret } })
    const shown = await source.read(undefined, open).then(bindingsOf).catch(everythingOf)
    expect(shown).toContain("ERR_SOURCE_UNAVAILABLE")
    expect(shown).not.toContain(secret)
    expect(shown).not.toContain(btoa(`ann:${secret}`))
  })
})

function thrownBy(run: () => unknown): string {
  try {
    run()
  } catch (thrown) {
    return everythingOf(thrown)
  }
  throw new TypeError("it should have thrown")
}

/** As a log might show it, causes and hidden properties included. */
function everythingOf(thrown: unknown): string {
  return inspect(thrown, { depth: 10, showHidden: true }) + rawBytes(thrown)
}

function rawBytes(thrown: unknown): string {
  if (!(thrown instanceof Error)) return ""
  const own = Object.values(thrown).map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString() : ""))
  return own.join("") + rawBytes(thrown.cause)
}
