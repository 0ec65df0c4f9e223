/** How many bindings there are, and what that is called. */
export const sizes = [
  { size: 1_000, name: "1 k" },
  { size: 100_000, name: "100 k" },
  { size: 1_000_000, name: "1 M" },
] as const
