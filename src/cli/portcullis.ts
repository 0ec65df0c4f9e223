#!/usr/bin/env node
import { once } from "node:events"
import { constants, homedir } from "node:os"
import { text } from "node:stream/consumers"
import { setTimeout as pause } from "node:timers/promises"
import { failureText } from "./exit-code.js"
import { openBrowser } from "./open-browser.js"
import { runCommandLine } from "./program.js"

const stopSignals = ["SIGTERM", "SIGINT"] as const

process.stdout.on("error", unwritable)
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (thrown: unknown) => {
    process.stderr.write(failureText(thrown))
    process.exit(1)
  })
}

const code = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  workingFolder: process.cwd(),
  homeFolder: homedir(),
  out: (result) => void process.stdout.write(result),
  drained: async () => {
    if (process.stdout.writableNeedDrain) await once(process.stdout, "drain")
  },
  err: (message) => void process.stderr.write(message),
  colour: process.stdout.isTTY && !process.env["NO_COLOR"],
  showsProgress: process.stderr.isTTY,
  input: () => text(process.stdin),
  openPage: openBrowser,
  now: Date.now,
  pause: (ms) => pause(ms),
  onStop: listenForStop,
  onExit(work) {
    process.once("exit", work)
    return () => void process.off("exit", work)
  },
})
for (const stream of [process.stdout, process.stderr]) await taken(stream)
process.exit(code)

/** Resolves when everything that was written has been taken; `exit` would cut it off. */
function taken(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", (error) => (error ? unwritable(error) : resolve()))
  })
}

/** Whoever closes the pipe has read enough; anything else is a failure. */
function unwritable(error: NodeJS.ErrnoException): never {
  if (error.code === "EPIPE") process.exit(0)
  process.stderr.write(`portcullis: cannot write the results: ${error.message}\n`)
  process.exit(1)
}

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
