/**
 * The CRC-32 of two texts in a row, of which only the CRC-32s and the length of the second one are known.
 *
 * @see https://github.com/madler/zlib/blob/master/crc32.c `crc32_combine`
 */
export function crc32Combine(first: number, second: number, secondLength: number): number {
  let crc = first
  for (let left = secondLength, power = 3; left > 0; left = Math.floor(left / 2), power++) if (left % 2 === 1) crc = times(zeros(power), crc)
  return (crc ^ second) >>> 0
}

const polynomial = 0xedb88320
const one = 0x80000000

/** `x` to the power of 2 to the power of an index: what shifting by so many zero bits does. */
const powers: number[] = []

function zeros(index: number): number {
  if (powers.length === 0) powers.push(one >>> 1)
  for (let at = powers.length; at <= index; at++) {
    const last = powers[at - 1] ?? 0
    powers.push(times(last, last))
  }
  return powers[index] ?? 0
}

/** The product of two polynomials, bit-reversed, modulo the one of CRC-32. */
function times(left: number, right: number): number {
  let product = 0
  let factor = right
  for (let bit = one; bit !== 0; bit >>>= 1) {
    if (left & bit) product ^= factor
    factor = factor & 1 ? (factor >>> 1) ^ polynomial : factor >>> 1
  }
  return product >>> 0
}
