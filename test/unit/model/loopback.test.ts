import { expect, it } from "vitest"
import { isLoopback } from "../../../src/model/loopback.js"

it.each(["localhost", "::1", "[::1]", "127.0.0.1", "127.255.255.255", "127.0.0.0"])("%s never leaves this machine", (host) => {
  expect(isLoopback(host)).toBe(true)
})

it.each(["", "localhost.", "LOCALHOST", "127.0.0.256", "127.0.0.01", "127.1", "127.0.0.1.evil.example", "128.0.0.1", "0.0.0.0", "::", "[127.0.0.1]"])(
  "'%s' may",
  (host) => {
    expect(isLoopback(host)).toBe(false)
  },
)
