import type { DestinationStream } from "pino"

/** A log stream that writes a line for people: `12:00:01 INFO activation revision=9f3c01ab.1`. */
export function textLog(write: (line: string) => void): DestinationStream {
  return {
    write(json) {
      const { level, time, msg, pid: _pid, hostname: _hostname, ...rest }: Record<string, unknown> = JSON.parse(json)
      const fields = Object.entries(rest).map(([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
      const clock = typeof time === "number" ? new Date(time).toISOString().slice(11, 19) : ""
      write(`${clock} ${levelName(level)} ${typeof msg === "string" ? msg : ""}${fields.join("")}\n`)
    },
  }
}

function levelName(level: unknown): string {
  const names = new Map<unknown, string>([
    [10, "TRACE"],
    [20, "DEBUG"],
    [30, "INFO"],
    [40, "WARN"],
    [50, "ERROR"],
    [60, "FATAL"],
  ])
  return names.get(level) ?? String(level)
}
