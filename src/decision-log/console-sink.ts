import type { Writable } from "node:stream"
import type { Sink } from "./sink.js"

/** Writes events to stdout, one JSON text a line. @param stream another stream than stdout, which must not be closed by others */
export function consoleSink(stream: Writable = process.stdout): Sink {
  // A reader that has gone is told to each write, and must not end the process.
  const ignore = (): void => undefined
  stream.on("error", ignore)
  return {
    name: "console",
    write: (events) =>
      new Promise((resolve, reject) => {
        stream.write(`${events.join("\n")}\n`, (problem) => (problem ? reject(problem) : resolve()))
      }),
    close: async () => void stream.off("error", ignore),
  }
}
