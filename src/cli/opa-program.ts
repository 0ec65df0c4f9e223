import { execFile } from "node:child_process"
import { constants } from "node:fs"
import { access } from "node:fs/promises"
import { delimiter, join, resolve } from "node:path"
import { messageOf, PdpError } from "../errors.js"
import type { Terminal } from "./terminal.js"

/** Where OPA is, and what it does. */
export interface OpaProgram {
  /** @returns what it wrote to stdout @throws {OpaFailure} when it exits with another code than 0 */
  run(args: readonly string[], signal?: AbortSignal): Promise<string>
}

/** OPA has said no. */
export class OpaFailure extends Error {
  override readonly name = "OpaFailure"
  readonly exitCode: number
  readonly stdout: string

  constructor(message: string, exitCode: number, stdout: string) {
    super(message)
    this.exitCode = exitCode
    this.stdout = stdout
  }
}

/**
 * Finds OPA: `OPA_BIN`, else `opa` in `PATH`.
 *
 * @param why what it is needed for
 * @param otherwise how to do without it
 * @throws {PdpError} `ERR_CONFIG_INVALID` saying where to get it
 */
export async function opaProgram({ environment, workingFolder }: Terminal, why: string, otherwise?: string): Promise<OpaProgram> {
  const named = environment["OPA_BIN"]
  const places = named
    ? [resolve(workingFolder, named)]
    : (environment["PATH"] ?? "").split(delimiter).map((folder) => join(folder || ".", executable))
  for (const place of places) if (await isExecutable(place)) return { run: (args, signal) => run(place, args, workingFolder, signal) }
  const where = named ? `OPA_BIN is ${named}, which cannot be run` : "there is no 'opa' in PATH"
  throw new PdpError(
    "ERR_CONFIG_INVALID",
    `${why} needs OPA, and ${where}; get it from https://www.openpolicyagent.org/docs/#1-download-opa and set OPA_BIN${otherwise === undefined ? "" : `, or ${otherwise}`}`,
    { reason: "opa_missing" },
  )
}

const executable = process.platform === "win32" ? "opa.exe" : "opa"
const mostOutput = 16 * 2 ** 20

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

function run(program: string, args: readonly string[], cwd: string, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((done, fail) => {
    execFile(program, [...args], { cwd, maxBuffer: mostOutput, ...(signal && { signal }) }, (error, stdout, stderr) => {
      if (!error) return done(stdout)
      fail(new OpaFailure(stderr.trim() || stdout.trim() || messageOf(error), typeof error.code === "number" ? error.code : 1, stdout))
    })
  })
}
