/** A float as Go's `%g` writes it: the shortest text, or so many significant digits; an exponent below -4 or from 21 on. */
export function floatText(value: number, precision?: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : Number.isNaN(value) ? "NaN" : "-Inf"
  const shortest = precision === undefined
  const [mantissa = "0", power = "0"] = (shortest ? value.toExponential() : value.toExponential(Math.min(Math.max(precision, 1) - 1, 100))).split("e")
  const exponent = Number(power)
  const limit = shortest ? 21 : Math.max(precision, 1)
  if (value === 0) return "0"
  const significant = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa
  if (exponent < -4 || exponent >= limit) return withExponent(significant, exponent)
  const decimals = Math.max(0, significant.replace(/[-.]/g, "").length - 1 - exponent)
  return value.toFixed(Math.min(decimals, 100))
}

/** A float as Go's `%e` writes it. */
export function scientific(value: number, decimals: number): string {
  const [mantissa = "0", power = "0"] = value.toExponential(Math.min(decimals, 100)).split("e")
  return withExponent(mantissa, Number(power))
}

function withExponent(mantissa: string, exponent: number): string {
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`
}
