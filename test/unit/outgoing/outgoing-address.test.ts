import { describe, expect, it } from "vitest"
import { isForbiddenAddress, isLoopbackAddress } from "../../../src/outgoing/outgoing-address.js"

const written = (ipv4: string): readonly string[] => {
  const hex = Buffer.from(ipv4.split(".").map(Number)).toString("hex")
  const inverted = Buffer.from(ipv4.split(".").map((byte) => Number(byte) ^ 0xff)).toString("hex")
  const groups = (digits: string): string => `${digits.slice(0, 4)}:${digits.slice(4)}`
  return [
    ipv4,
    `::ffff:${ipv4}`,
    `::ffff:${groups(hex)}`,
    `0:0:0:0:0:FFFF:${groups(hex)}`,
    `::ffff:0:${ipv4}`,
    `::${ipv4}`,
    `64:ff9b::${ipv4}`,
    `64:ff9b:1::${groups(hex)}`,
    `2002:${groups(hex)}::1`,
    `2001:0:102:304::${groups(inverted)}`,
    `2001:db8::5efe:${groups(hex)}`,
    `2001:db8::200:5efe:${groups(hex)}`,
  ]
}

describe("an address to ask", () => {
  it.each(["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "0.0.0.0"].flatMap(written))(
    "is forbidden when it is %s",
    (address) => {
      expect(isForbiddenAddress(address)).toBe(true)
    },
  )

  it.each(["fe80::1", "fe80::1%eth0", "fe80::5efe:808:808", "::", "fd00:ec2::254", "fd20:ce::254", "name.example", "1.2.3"])(
    "is forbidden when it is %s",
    (address) => {
      expect(isForbiddenAddress(address)).toBe(true)
    },
  )

  it.each([...["10.0.0.1", "127.0.0.1", "203.0.113.7"].flatMap(written), "::1", "::2:0:0", "2001:db8::1", "fd00::1"])("may be %s", (address) => {
    expect(isForbiddenAddress(address)).toBe(false)
  })

  it("is on this machine when it is loopback, IPv4-mapped or not, and in no other form", () => {
    expect(["127.0.0.1", "127.9.9.9", "::1", "0:0::1", "::ffff:127.0.0.1", "::ffff:7f00:1"].filter((address) => !isLoopbackAddress(address))).toEqual(
      [],
    )
    const others = ["10.0.0.1", "::127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::1", "::2", "localhost", ""]
    expect(others.filter(isLoopbackAddress)).toEqual([])
  })
})
