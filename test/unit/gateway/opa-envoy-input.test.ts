import { describe, expect, it } from "vitest"
import { readCheckRequest } from "../../../src/gateway/envoy-check-request.js"
import { writeInteger, writeMessage, writeText } from "../../../src/gateway/envoy-grpc-wire.js"
import { opaEnvoyInput } from "../../../src/gateway/opa-envoy-input.js"
import { checkRequest, struct, type EnvoyAsked } from "../../fixtures/envoy-client.js"

const inputOf = (asked: EnvoyAsked) => opaEnvoyInput(readCheckRequest(checkRequest(asked)))

function refusedFor(asked: EnvoyAsked): unknown {
  try {
    return inputOf(asked)
  } catch (thrown) {
    return thrown
  }
}

const refused = (code: string, reason?: string) => expect.objectContaining({ code, ...(reason !== undefined && { reason }) })

describe("the target of a request", () => {
  it.each([
    ["/", [""], {}],
    ["/a/b", ["a", "b"], {}],
    ["/a/b/", ["a", "b", ""], {}],
    ["/a%2Fb", ["a", "b"], {}],
    ["/a%20b+c", ["a b+c"], {}],
    ["/%ff", ["\uFFFD"], {}],
    ["/gr%C3%BC%C3%9Fe/ö", ["grüße", "ö"], {}],
    ["*", ["*"], {}],
    ["", [""], {}],
    ["/a?", ["a"], {}],
    ["/a?x", ["a"], { x: [""] }],
    ["/a?x=1&y=2&x=3", ["a"], { x: ["1", "3"], y: ["2"] }],
    ["/a?x=a+b%2B&%79=?", ["a"], { x: ["a b+"], y: ["?"] }],
    ["/a?x=%&y=1;z=2&&ok=1", ["a"], { ok: ["1"] }],
    ["/a?=1", ["a"], { "": ["1"] }],
    ["/a?__proto__=1", ["a"], Object.fromEntries([["__proto__", ["1"]]])],
  ])("is taken apart: %s", (path, parsed_path, parsed_query) => {
    expect(inputOf({ path })).toMatchObject({ parsed_path, parsed_query })
    expect(JSON.stringify(inputOf({ path })["parsed_query"])).toBe(JSON.stringify(parsed_query))
  })

  it.each(["//host/a", "a/b", "http://host/a", "/a#b", "/a\nb", "/a\x7f", "/%zz", "/a%2", "/%"])("is refused for what is no path: %j", (path) => {
    expect(refusedFor({ path })).toEqual(refused("ERR_DENIED", "path_not_canonical"))
  })
})

describe("the body of a request", () => {
  const bodyOf = (type: string | undefined, body: string | Buffer, headers = {}) => {
    const http = typeof body === "string" ? { body } : { raw_body: body }
    return inputOf({ path: "/", headers: { ...(type !== undefined && { "content-type": type }), ...headers }, http })
  }

  it.each([
    ["application/json", '{"a": [1, null]}', { a: [1, null] }],
    ["application/json; charset=utf-8", '"ü"', "ü"],
    ["application/json", "", null],
    ["application/x-www-form-urlencoded", "a=1&a=2&b=%20+c", { a: ["1", "2"], b: ["  c"] }],
    ["text/plain", "hello", null],
    ["application/grpc", "\0\0", null],
    [undefined, '{"a":1}', null],
  ])("is read by its type %s: %j", (type, body, parsed_body) => {
    expect(bodyOf(type, body)).toMatchObject({ parsed_body, truncated_body: false })
    expect(bodyOf(type, Buffer.from(body))).toMatchObject({ parsed_body, truncated_body: false })
  })

  it("in parts is read by the names of them", () => {
    const body = [
      "--b\r\n",
      'Content-Disposition: form-data; name="title"\r\n\r\nHello\r\nworld\r\n',
      "--b  \r\n",
      'content-disposition: form-data; filename="name=no"; name="data"\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n',
      "--b\r\n",
      "Content-Disposition: form-data; name=title\r\n\r\n\r\n",
      "--b\r\n",
      "Content-Disposition: attachment\r\n\r\nnobody's\r\n",
      "--b--\r\nepilogue",
    ].join("")
    const parsed_body = { title: ["Hello\r\nworld", ""], data: [{ a: 1 }] }
    expect(bodyOf("multipart/form-data; boundary=b", body)).toMatchObject({ parsed_body })
    expect(bodyOf('multipart/form-data; boundary="b"', Buffer.from(body))).toMatchObject({ parsed_body })
    expect(bodyOf("multipart/form-data", body)).toMatchObject({ parsed_body: null })
  })

  it("that Envoy sent in part is not read", () => {
    expect(bodyOf("application/json", '{"a"', { "content-length": "100" })).toMatchObject({ parsed_body: null, truncated_body: true })
    expect(bodyOf("application/json", "{}", { "content-length": "2" })).toMatchObject({ parsed_body: {}, truncated_body: false })
    expect(bodyOf("application/json", "{}", { "content-length": "-1" })).toMatchObject({ parsed_body: {}, truncated_body: false })
  })

  it.each([
    ["application/json", "{"],
    ["application/json", '{"a":1,"a":2}'],
    ["application/json", "{} {}"],
    ["application/x-www-form-urlencoded", "a=%"],
    ["application/x-www-form-urlencoded", "a=1;b=2"],
    ["multipart/form-data; boundary=b", "--b\r\n\r\nno end"],
    ["multipart/form-data; boundary=b", "--b\r\nno end of headers\r\n--b--"],
    ["multipart/form-data; boundary=b", ""],
  ])("is refused for what is no %s: %j", (type, body) => {
    if (body === "") expect(bodyOf(type, body)).toMatchObject({ parsed_body: null })
    else expect(refusedFor({ path: "/", headers: { "content-type": type }, http: { body } })).toEqual(refused("ERR_INPUT_INVALID"))
  })

  it("is refused for a length that is none", () => {
    const headers = { "content-type": "application/json", "content-length": "2, 2" }
    expect(refusedFor({ path: "/", headers, http: { body: "{}" } })).toEqual(refused("ERR_INPUT_INVALID"))
  })
})

describe("the attributes of a request", () => {
  it("are written as protobuf writes JSON", () => {
    const attributes = {
      source: { address: { socket_address: { protocol: "UDP", address: "::1", port_value: 0 } }, service: "", certificate: "pem" },
      destination: { address: { pipe: { path: "/run/x", mode: 438 } } },
      tls_session: {},
      route_metadata_context: { filter_metadata: { a: struct({}) } },
    }
    const http = { size: "-1", raw_body: Buffer.from([0xff, 0]), query: "", scheme: "" }
    const asked = { path: "/a", attributes, http }
    expect(inputOf(asked)["attributes"]).toEqual({
      source: { address: { socketAddress: { protocol: "UDP", address: "::1", portValue: 0 } }, certificate: "pem" },
      destination: { address: { pipe: { path: "/run/x", mode: 438 } } },
      tlsSession: {},
      routeMetadataContext: { filterMetadata: { a: {} } },
      request: {
        http: expect.objectContaining({ size: "-1", rawBody: "/wA=", path: "/a" }),
      },
    })
  })

  it.each([
    [{ seconds: "1764032400" }, "2025-11-25T01:00:00Z"],
    [{ seconds: "1764032400", nanos: 120_000_000 }, "2025-11-25T01:00:00.120Z"],
    [{ seconds: "1764032400", nanos: 1_000 }, "2025-11-25T01:00:00.000001Z"],
    [{ seconds: "1764032400", nanos: 1 }, "2025-11-25T01:00:00.000000001Z"],
    [{}, "1970-01-01T00:00:00Z"],
  ])("have the time in RFC 3339: %j", (time, written) => {
    const http = { path: "/", method: "GET" }
    expect(inputOf({ attributes: { request: { time, http } } })).toMatchObject({ attributes: { request: { time: written } } })
  })

  it("have headers in either encoding of them", () => {
    const rawHeaders = [
      ["x-a", "1"],
      ["x-a", "2"],
      ["x-b", "\xff"],
    ] as const
    expect(inputOf({ path: "/", rawHeaders })).toMatchObject({
      attributes: {
        request: { http: { headers: { "x-a": "1,2", "x-b": "\xff" }, headerMap: { headers: [{ key: "x-a", rawValue: "MQ==" }, {}, {}] } } },
      },
    })
  })

  it("are refused for numbers that JSON has not, and metadata without an end", () => {
    const metadata = (value: object) => ({ metadata_context: { filter_metadata: { a: { fields: { n: value } } } } })
    expect(refusedFor({ path: "/", attributes: metadata({ numberValue: Infinity }) })).toEqual(refused("ERR_INPUT_INVALID"))
    const nested = (levels: number): Buffer => {
      let value = writeInteger(1, 0)
      for (let level = 0; level < levels; level++) value = writeMessage(5, writeMessage(1, writeText(1, "a"), writeMessage(2, value)))
      const metadataContext = writeMessage(
        11,
        writeMessage(1, writeText(1, "deep"), writeMessage(2, writeMessage(1, writeText(1, "a"), writeMessage(2, value)))),
      )
      return Buffer.concat([checkRequest({ path: "/" }), writeMessage(1, metadataContext)])
    }
    expect(opaEnvoyInput(readCheckRequest(nested(60)))).toMatchObject({ attributes: { metadataContext: {}, request: { http: { path: "/" } } } })
    expect(() => opaEnvoyInput(readCheckRequest(nested(70)))).toThrow(refused("ERR_INPUT_INVALID"))
  })
})
