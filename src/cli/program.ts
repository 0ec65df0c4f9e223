import { Command, CommanderError } from "commander"
import { printableLines } from "../model/printable.js"
import { packageVersion } from "../model/package-version.js"
import { addAuth } from "./auth.js"
import { addBundle } from "./bundle.js"
import { addChanges } from "./changes.js"
import { addCheck } from "./check.js"
import { addConfig } from "./config.js"
import { addDataExport } from "./data-export.js"
import { addDataImport } from "./data-import.js"
import { addDataLint } from "./data-lint.js"
import { addDoctor } from "./doctor.js"
import { exitCodeOf, exitCodes, failureText, type ExitCode } from "./exit-code.js"
import { addFleet } from "./fleet.js"
import { addMembers } from "./members.js"
import { addPolicy } from "./policy.js"
import { addServe } from "./serve.js"
import type { Terminal } from "./terminal.js"
import { addVersion } from "./version.js"
import { addWorkspaces } from "./workspaces.js"

/**
 * Runs one command line.
 *
 * @param args without the names of Node and script
 * @returns the exit code; never throws
 */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  if (typeof WebAssembly === "undefined") {
    terminal.err("portcullis: this Node runs without WebAssembly, which policies are compiled to; leave out --jitless\n")
    return exitCodes.error
  }
  let code: ExitCode = exitCodes.ok
  const program = commandLine(terminal, (chosen) => (code = chosen))
  try {
    await program.parseAsync(args, { from: "user" })
    return code
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    terminal.err(failureText(thrown))
    return exitCodeOf(thrown)
  }
}

function commandLine(terminal: Terminal, finish: (code: ExitCode) => void): Command {
  const program = new Command("portcullis")
    .description("Policy decision point: role and scope rules on role bindings held in memory")
    .version(packageVersion(), "-V, --version")
    .addHelpText("after", exitCodeHelp)
    // `doctor` and `doctor gateway` have options of the same name: those behind a command's name are that command's.
    .enablePositionalOptions()
  program
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: (text) => terminal.err(printableLines(text)), getOutHasColors: () => terminal.colour })
    .showHelpAfterError("(--help shows the usage)")
  addServe(program, terminal, finish)
  addCheck(program, terminal, finish)
  addAuth(program, terminal, finish)
  addMembers(addWorkspaces(program, terminal), terminal)
  addChanges(program, terminal)
  addFleet(program, terminal)
  const data = program.command("data").description("Look at authorization data; export and import what a database holds")
  addDataLint(data, terminal, finish)
  addDataExport(data, terminal)
  addDataImport(data, terminal)
  addBundle(program, terminal)
  addPolicy(program, terminal, finish)
  addConfig(program, terminal)
  addDoctor(program, terminal, finish)
  addVersion(program, terminal)
  return program
}

const exitCodeHelp = `
Exit codes: 0 ok, 1 error, 2 usage, 3 denied, 78 bad configuration.

Examples:
  portcullis serve --config portcullis.yaml
  portcullis check -p ann@example.com GET /apis/entities/v2/workspaces
  portcullis auth login
  portcullis workspaces members create --workspace ml-team --principal ben@example.com --roles Viewer
  portcullis data lint authorization.yaml`
