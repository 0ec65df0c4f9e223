import { dirname } from "node:path"

/** Says in one line that a folder cannot be written in; throws whatever else it is. @param {unknown} thrown */
export function sayWhatFailed(thrown) {
  if (!(thrown instanceof Error) || !reasons.has(thrown.code)) throw thrown
  process.stderr.write(`portcullis: cannot write in ${thrown.path ? dirname(thrown.path) : "this folder"}: ${reasons.get(thrown.code)}\n`)
  process.exitCode = 1
}

const reasons = new Map([
  ["EACCES", "permission denied; make it yours, or work in a copy"],
  ["EPERM", "permission denied; make it yours, or work in a copy"],
  ["EROFS", "it is read-only; work in a copy"],
  ["ENOSPC", "the disk is full"],
])
