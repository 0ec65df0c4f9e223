/** Items in lists of 500, as many as one statement takes. */
export function parts<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / rowsInOneStatement) }, (_, at) =>
    items.slice(at * rowsInOneStatement, (at + 1) * rowsInOneStatement),
  )
}

/** `(?, ?), (?, ?)`: a place for each column of each row. */
export function places(rows: readonly unknown[], columns: number): string {
  const row = placeList(Array.from({ length: columns }))
  return rows.map(() => row).join(", ")
}

/** `(?, ?)`: a place for each value, as after `IN`. */
export function placeList(values: readonly unknown[]): string {
  return `(${values.map(() => "?").join(", ")})`
}

const rowsInOneStatement = 500
