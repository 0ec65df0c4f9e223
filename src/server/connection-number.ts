import type { Socket } from "node:net"

/** Tells connections apart, without holding on to them. */
export function connectionNumber(socket: Socket): number {
  const known = numbers.get(socket)
  if (known !== undefined) return known
  numbers.set(socket, ++last)
  return last
}

const numbers = new WeakMap<Socket, number>()
let last = 0
