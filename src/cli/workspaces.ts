import type { Command } from "commander"
import { z } from "zod"
import { entitiesOperation } from "../administration/index.js"
import { printable } from "../model/printable.js"
import { apiClient } from "./api-client.js"
import { withApiOptions, type ApiOptions } from "./api-options.js"
import { withEntitiesListed } from "./blocking-entities.js"
import { listed, tellOtherPages, withListOptions, type ListOptions } from "./list-options.js"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import { propagationQuery, tellPropagation, withPropagationOption, WriteAnswer, type PropagationOptions } from "./propagation.js"
import { table } from "./table.js"
import type { Terminal } from "./terminal.js"

interface Options extends ApiOptions {
  readonly output: OutputFormat
}

interface DescriptionOptions extends Options, PropagationOptions {
  readonly description?: string
}

/** `portcullis workspaces list|get|create|update|delete`. @returns the command, for those below it */
export function addWorkspaces(program: Command, terminal: Terminal): Command {
  const workspaces = program.command("workspaces").description("Workspaces, and who is in them; asks a running sidecar")
  addList(workspaces, terminal)
  addGet(workspaces, terminal)
  addCreate(workspaces, terminal)
  addUpdate(workspaces, terminal)
  addDelete(workspaces, terminal)
  return workspaces
}

const facts = { name: z.string(), description: z.string().nullish(), created_by: z.string().nullish(), created_at: z.string().nullish() }
const Workspace = z.looseObject(facts)
const WrittenWorkspace = WriteAnswer.extend(facts)
const Deleted = WriteAnswer.extend({ message: z.string() })

function addList(workspaces: Command, terminal: Terminal): void {
  const command = workspaces.command("list").description("List the workspaces that you may read")
  withListOptions(withApiOptions(command), "name, created_at or updated_at")
    .addOption(outputOption())
    .addHelpText(
      "after",
      "\nExamples:\n  portcullis workspaces list --as ann@example.com\n  portcullis workspaces list --all-pages --sort -created_at --output json",
    )
    .action(async (options: Options & ListOptions) => {
      const found = await listed(await apiClient(options, command, terminal), entitiesOperation("GET"), Workspace, options)
      terminal.out(rendered(options.output, found, () => workspaceTable(found.data)))
      tellOtherPages(found, "workspaces", terminal)
    })
}

function addGet(workspaces: Command, terminal: Terminal): void {
  const command = workspaces.command("get").description("Show one workspace").argument("<name>", "its name")
  withApiOptions(command)
    .addOption(outputOption())
    .addHelpText("after", "\nExamples:\n  portcullis workspaces get ml-team --as ann@example.com")
    .action(async (name: string, options: Options) => {
      const found = await (await apiClient(options, command, terminal)).send({ operation: entitiesOperation("GET", name) }, Workspace)
      terminal.out(rendered(options.output, found, () => workspaceTable([found])))
    })
}

function addCreate(workspaces: Command, terminal: Terminal): void {
  const command = workspaces
    .command("create")
    .description("Make a workspace; you become its Admin")
    .argument("<name>", "2 to 63 of a-z 0-9 - @ . + _")
  withPropagationOption(withApiOptions(command.option("--description <text>", "what it is for")))
    .addOption(outputOption())
    .addHelpText("after", "\nExamples:\n  portcullis workspaces create ml-team --as ann@example.com --description 'Models of the ML team'")
    .action(async (name: string, options: DescriptionOptions) => {
      const { description } = options
      const request = {
        operation: entitiesOperation("POST"),
        query: propagationQuery(options),
        body: { name, ...(description !== undefined && { description }) },
      }
      const made = await (await apiClient(options, command, terminal)).send(request, WrittenWorkspace)
      terminal.out(rendered(options.output, made, () => workspaceTable([made])))
      tellPropagation(made, options, terminal)
    })
}

function addUpdate(workspaces: Command, terminal: Terminal): void {
  const command = workspaces.command("update").description("Change what is said about a workspace").argument("<name>", "its name")
  withPropagationOption(withApiOptions(command.requiredOption("--description <text>", "what it is for")))
    .addOption(outputOption())
    .addHelpText("after", "\nExamples:\n  portcullis workspaces update ml-team --as ann@example.com --description 'Models and data'")
    .action(async (name: string, options: DescriptionOptions) => {
      const request = { operation: entitiesOperation("PUT", name), query: propagationQuery(options), body: { description: options.description } }
      const changed = await (await apiClient(options, command, terminal)).send(request, WrittenWorkspace)
      terminal.out(rendered(options.output, changed, () => workspaceTable([changed])))
      tellPropagation(changed, options, terminal)
    })
}

function addDelete(workspaces: Command, terminal: Terminal): void {
  const command = workspaces
    .command("delete")
    .description("Delete a workspace that holds no entities, and all its members")
    .argument("<name>", "its name")
  withPropagationOption(withApiOptions(command))
    .addOption(outputOption())
    .addHelpText("after", "\nExamples:\n  portcullis workspaces delete ml-team --as ann@example.com")
    .action(async (name: string, options: Options & PropagationOptions) => {
      const client = await apiClient(options, command, terminal)
      const request = { operation: entitiesOperation("DELETE", name), query: propagationQuery(options) }
      const gone = await withEntitiesListed(client, name, () => client.send(request, Deleted))
      terminal.out(rendered(options.output, gone, () => `${printable(gone.message)}\n`))
      tellPropagation(gone, options, terminal)
    })
}

function workspaceTable(workspaces: readonly z.infer<typeof Workspace>[]): string {
  return table(
    ["NAME", "DESCRIPTION", "CREATED BY", "CREATED AT"],
    workspaces.map((one) => [one.name, one.description, one.created_by, one.created_at]),
  )
}
