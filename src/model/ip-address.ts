/** An IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) as IPv4; any other as it is. Without its zone. */
export function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=[0-9.]+$)/i, "").replace(/%.*$/, "")
}
