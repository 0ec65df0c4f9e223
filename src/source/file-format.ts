import { PdpError } from "../errors.js"
import { endingOf, formatByEnding, mostBytes, type BindingsFormat } from "./bindings-format.js"
import { unavailable } from "../model/unavailable.js"

/** The format by the name's ending. @throws {PdpError} `ERR_CONFIG_INVALID` when it is none of ours */
export function fileFormat(path: string): BindingsFormat {
  const ending = endingOf(path)
  const format = formatByEnding.get(ending)
  const problem = `the ending '${ending}' of ${path} names no format of bindings`
  const remedy = `use one of ${[...formatByEnding.keys()].join(", ")}`
  if (!format) throw new PdpError("ERR_CONFIG_INVALID", `${problem}; ${remedy}`, { details: { problem, remedy } })
  return format
}

/** Large files must be NDJSON. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
export function assertSize(path: string, format: BindingsFormat, bytes: number): void {
  if (bytes === 0) throw unavailable(`${path} is empty`, "a writer may be half-way: replace the file by renaming a complete one")
  const most = mostBytes[format]
  if (bytes > most)
    throw unavailable(
      `${path} has ${bytes} bytes, more than ${most} for ${format}`,
      "write it as NDJSON: one binding a line, in a file that ends in .ndjson",
    )
}
