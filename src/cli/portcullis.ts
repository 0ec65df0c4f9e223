#!/usr/bin/env node
import { once } from "node:events"
import { constants } from "node:os"
import { setTimeout as pause } from "node:timers/promises"
import { failureText } from "./exit-code.js"
import { runCommandLine } from "./program.js"

const stopSignals = ["SIGTERM", "SIGINT"] as const

process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1))
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (thrown: unknown) => {
    process.stderr.write(failureText(thrown))
    process.exit(1)
  })
}

const code = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  workingFolder: process.cwd(),
  out: (text) => void process.stdout.write(text),
  drained: async () => {
    if (process.stdout.writableNeedDrain) await once(process.stdout, "drain")
  },
  err: (text) => void process.stderr.write(text),
  colour: process.stdout.isTTY && !process.env["NO_COLOR"],
  showsProgress: process.stderr.isTTY,
  pause: (ms) => pause(ms),
  onStop: listenForStop,
})
await new Promise<void>((resolve) => process.stdout.write("", () => resolve()))
process.exit(code)

function listenForStop(stop: () => void): void {
  let stopping = false
  for (const signal of stopSignals) {
    process.on(signal, () => {
      if (stopping) process.exit(128 + constants.signals[signal])
      stopping = true
      stop()
    })
  }
}
