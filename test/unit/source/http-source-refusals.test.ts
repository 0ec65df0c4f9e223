import { describe, expect, it } from "vitest"
import { httpSource } from "../../../src/source/index.js"
import { answering, bindingsIn, bindingsOf, gate, json, line, many, ndjson, open, readAll, served, servedRaw, unavailable } from "./served-source.js"

describe("the HTTP source refuses", () => {
  it.each([
    [ndjson, `${line}{"principal":"bob","workspace":"-","role":"A"}\n`, 2, '"-"'],
    [ndjson, `${line}\n{"principal":"bob","workspace":"ml","role":"A","principal":"eve"}\n`, 3, "principal"],
    [ndjson, `${line}{"principal":"bob","work`, 2, "complete"],
    [ndjson, line + line.trimEnd(), 2, "line feed"],
    [ndjson, "\n", 1, "nothing says so"],
    [ndjson, `{"version":1,"bindings":2}\n${line}`, 1, "2 bindings"],
    [{ "content-type": "application/json" }, `{"version":1,"bindings":[\n{"principal":"bob","workspace":"ml","role":7}]}`, 2, "7"],
    [{ "content-type": "application/json" }, line, 1, "principal"],
  ])("a wrong row, and names URL, line and value: %j %j", async (headers, body, at, word) => {
    const answer = await answering(headers, body, "bindings?token=hidden")
    await expect(bindingsIn(answer)).rejects.toMatchObject(unavailable)
    await expect(bindingsIn(answer)).rejects.toThrow(`${answer.server.origin}bindings:${at}: `)
    await expect(bindingsIn(answer)).rejects.toThrow(word)
  })

  it.each([
    ["HTML", { "content-type": "text/html" }, "<html>", "bindings.json"],
    ["YAML", { "content-type": "application/yaml" }, "version: 1\nbindings: []\n", "bindings"],
    ["a type that says nothing at a URL that says nothing", { "content-type": "text/plain" }, line, "bindings"],
    ["a type that says nothing at a URL that says YAML", {}, "version: 1\nbindings: []\n", "bindings.yaml"],
    ["another charset", { "content-type": "application/json; charset=iso-8859-1" }, json, "bindings"],
    ["bytes that are not UTF-8", ndjson, new Uint8Array([0x22, 0xc3, 0x28]), "bindings"],
    ["an encoding that was not asked for", { ...ndjson, "content-encoding": "gzip" }, line, "bindings"],
    ["nothing at all", ndjson, "", "bindings"],
    ["JSON over 8 MiB", { "content-type": "application/json" }, json + " ".repeat(8_388_608), "bindings"],
    ["a line over 1 MiB", ndjson, `{"principal":"${"a".repeat(2_097_152)}`, "bindings"],
  ])("%s", async (_, headers, body, path) => {
    await expect(bindingsIn(await answering(headers, body, path))).rejects.toMatchObject(unavailable)
  })

  it.each([204, 206, 226, 400, 401, 403, 404, 410, 429, 500, 503])("the status %i, and names it", async (status) => {
    const failure = bindingsIn(await answering(ndjson, status === 204 ? "" : line, "bindings", status))
    await expect(failure).rejects.toMatchObject(unavailable)
    await expect(failure).rejects.toThrow(String(status))
  })

  it.each([301, 302, 303, 307, 308])("the redirect %i, and does not follow it", async (status) => {
    const answer = await answering({ location: "/elsewhere?signature=hidden" }, "", "bindings", status)
    await expect(bindingsIn(answer)).rejects.toMatchObject(unavailable)
    await expect(bindingsIn(answer)).rejects.toThrow(/elsewhere$/)
    expect(answer.server.asked).toHaveLength(2)
  })

  it("a 304 that was not asked for", async () => {
    const answer = await answering({ etag: '"v1"' }, "", "bindings", 304)
    await expect(answer.source.read(undefined, open)).rejects.toMatchObject(unavailable)
    await expect(answer.source.read("no position of this source", open)).rejects.toMatchObject(unavailable)
  })

  it("a 304 to a request without a condition", async () => {
    let status = 200
    const answer = await served((_, response) => response.writeHead(status, ndjson).end(status === 200 ? line : ""))
    const { position } = await readAll(answer)
    status = 304
    await expect(answer.source.read(position, open)).rejects.toMatchObject(unavailable)
  })

  it("a body that is announced as larger than allowed, without reading it", async () => {
    const answer = await served(
      (_, response) => {
        response.writeHead(200, { ...ndjson, "content-length": "1001" }).write(line)
      },
      "bindings",
      { maxBytes: 1_000 },
    )
    await expect(bindingsIn(answer)).rejects.toThrow("1001")
  })

  it("an endless body, and ends the request", async () => {
    const gone = gate()
    const answer = await served(
      (_, response) => {
        response.writeHead(200, ndjson).on("close", gone.open)
        const more = () => {
          while (response.write(line.repeat(1_000)));
        }
        response.on("drain", more)
        more()
      },
      "bindings",
      { maxBytes: 1_000_000 },
    )
    await expect(bindingsIn(answer)).rejects.toMatchObject(unavailable)
    await gone.opened
  })

  it.each([
    ["no answer", ""],
    ["no HTTP", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["half a head", "HTTP/1.1 200 OK\r\nContent-Type: applica"],
    ["a head that is too large", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}\r\n\r\n`],
    ["two lengths", `HTTP/1.1 200 OK\r\nContent-Length: ${line.length}\r\nContent-Length: 1\r\n\r\n${line}`],
    ["a length beside chunks", `HTTP/1.1 200 OK\r\nContent-Length: ${line.length}\r\nTransfer-Encoding: chunked\r\n\r\n${line}`],
    ["a length that is none", `HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n${line}`],
    ["fewer bytes than announced", `HTTP/1.1 200 OK\r\nContent-Length: ${line.length + 1}\r\n\r\n${line}`],
    ["fewer bytes than the row has", `HTTP/1.1 200 OK\r\nContent-Length: ${line.length - 5}\r\n\r\n${line}`],
    ["chunks without an end", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${line.length.toString(16)}\r\n${line}\r\n`],
    ["half a chunk", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${(line.length * 2).toString(16)}\r\n${line}`],
    ["a chunk size that is none", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n${line}\r\n0\r\n\r\n`],
    ["lines whose number nobody can tell", `HTTP/1.1 200 OK\r\n\r\n${line}`],
    ["compressed chunks", `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${line.length.toString(16)}\r\n${line}\r\n0\r\n\r\n`],
    ["another protocol", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n"],
  ])("%s, and a connection that is closed", async (_, bytes) => {
    await expect(bindingsIn(await servedRaw((socket) => socket.end(bytes)))).rejects.toMatchObject(unavailable)
  })

  it("a connection that is reset", async () => {
    const answer = await servedRaw((socket) => socket.resetAndDestroy())
    await expect(bindingsIn(answer)).rejects.toMatchObject(unavailable)
  })

  it("a connection that ends near the end of a long answer", async () => {
    const answer = await servedRaw((socket) => socket.end(`HTTP/1.1 200 OK\r\nETag: "v1"\r\nContent-Length: ${many.length + 1}\r\n\r\n${many}`))
    const read = await answer.source.read(undefined, open)
    expect(read.kind).toBe("snapshot")
    await expect(bindingsOf(read)).rejects.toMatchObject(unavailable)
  })

  it("nobody at home, and TLS that is none", async () => {
    const { server } = await answering(ndjson, line)
    const tls = httpSource({ url: server.origin.replace("http:", "https:") })
    await expect(tls.read(undefined, open)).rejects.toMatchObject(unavailable)
    await server.close()
    await expect(httpSource({ url: server.origin }).read(undefined, open)).rejects.toThrow("ECONNREFUSED")
  })
})
