import type { Command } from "commander"
import { z } from "zod"
import { entitiesOperation } from "../administration/index.js"
import { printable } from "../model/printable.js"
import { apiClient, type ApiClient } from "./api-client.js"
import { withApiOptions, type ApiOptions } from "./api-options.js"
import { collectList } from "./config-options.js"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import { propagationQuery, tellPropagation, withPropagationOption, WriteAnswer, type PropagationOptions } from "./propagation.js"
import { table } from "./table.js"
import type { Terminal } from "./terminal.js"

interface Options extends ApiOptions {
  readonly output: OutputFormat
  readonly workspace: string
}

interface WriteOptions extends Options, PropagationOptions {
  readonly roles?: readonly string[]
  readonly expiresAt?: string
}

/** `portcullis workspaces members list|create|update|delete`. */
export function addMembers(workspaces: Command, terminal: Terminal): void {
  const members = workspaces.command("members").description("Who is in a workspace, with which roles")
  addList(members, terminal)
  addCreate(members, terminal)
  addUpdate(members, terminal)
  addDelete(members, terminal)
}

const facts = {
  principal: z.string(),
  roles: z.array(z.string()),
  granted_by: z.string().nullish(),
  granted_at: z.string().nullish(),
  expires_at: z.record(z.string(), z.string()).optional(),
}
const Member = z.looseObject(facts)
const WrittenMember = WriteAnswer.extend(facts)
const Deleted = WriteAnswer.extend({ message: z.string() })

function addList(members: Command, terminal: Terminal): void {
  const command = members.command("list").description("List the members of a workspace")
  withWorkspace(command)
    .addHelpText("after", "\nExamples:\n  portcullis workspaces members list --workspace ml-team --as ann@example.com")
    .action(async (options: Options) => {
      const request = { operation: entitiesOperation("GET", options.workspace, "members") }
      const found = await (await apiClient(options, command, terminal)).send(request, z.looseObject({ data: z.array(Member) }))
      terminal.out(rendered(options.output, found, () => memberTable(found.data)))
      if (found.data.length === 0) terminal.err("no members\n")
    })
}

function addCreate(members: Command, terminal: Terminal): void {
  const command = members.command("create").description("Give a principal roles in a workspace, beside those that it has")
  command
    .requiredOption("--principal <principal>", "a person's id or e-mail, group:<name>, service:<id>, or * for everybody")
    .option("--roles <role>", "roles, separated by commas; repeatable (default Editor)", collectList)
  withWrite(command)
    .addHelpText(
      "after",
      `
Examples:
  portcullis workspaces members create --workspace ml-team --principal ben@example.com --roles Viewer --as ann@example.com
  portcullis workspaces members create --workspace ml-team --principal group:data --roles Editor,Auditor --expires-at 2030-01-31T12:00:00Z`,
    )
    .action(async (options: WriteOptions & { readonly principal: string }) => {
      const operation = entitiesOperation("POST", options.workspace, "members")
      await write(command, options, { operation, body: { principal: options.principal, ...rolesOf(options) } }, terminal)
    })
}

function addUpdate(members: Command, terminal: Terminal): void {
  const command = members
    .command("update")
    .description("Give a member these roles instead of those that it has")
    .argument("<principal>", "the member")
  command.requiredOption("--roles <role>", "roles, separated by commas; repeatable", collectList)
  withWrite(command)
    .addHelpText(
      "after",
      "\nExamples:\n  portcullis workspaces members update ben@example.com --workspace ml-team --roles Editor --as ann@example.com",
    )
    .action(async (principal: string, options: WriteOptions) => {
      const operation = entitiesOperation("PUT", options.workspace, "members", principal)
      await write(command, options, { operation, body: rolesOf(options) }, terminal)
    })
}

function addDelete(members: Command, terminal: Terminal): void {
  const command = members.command("delete").description("Take all roles from a member").argument("<principal>", "the member")
  withPropagationOption(withWorkspace(command))
    .addHelpText("after", "\nExamples:\n  portcullis workspaces members delete ben@example.com --workspace ml-team --as ann@example.com")
    .action(async (principal: string, options: Options & PropagationOptions) => {
      const request = { operation: entitiesOperation("DELETE", options.workspace, "members", principal), query: propagationQuery(options) }
      const gone = await (await apiClient(options, command, terminal)).send(request, Deleted)
      terminal.out(rendered(options.output, gone, () => `${printable(gone.message)}\n`))
      tellPropagation(gone, options, terminal)
    })
}

async function write(command: Command, options: WriteOptions, request: Parameters<ApiClient["send"]>[0], terminal: Terminal): Promise<void> {
  const member = await (await apiClient(options, command, terminal)).send({ ...request, query: propagationQuery(options) }, WrittenMember)
  terminal.out(rendered(options.output, member, () => memberTable([member])))
  tellPropagation(member, options, terminal)
}

function withWorkspace(command: Command): Command {
  return withApiOptions(command.requiredOption("--workspace <name>", "the workspace, or system")).addOption(outputOption())
}

function withWrite(command: Command): Command {
  return withPropagationOption(withWorkspace(command)).option(
    "--expires-at <time>",
    "the roles hold until then, for example 2030-01-31T12:00:00Z; 'never' takes an end away",
  )
}

function rolesOf({ roles, expiresAt }: WriteOptions): object {
  return { ...(roles && { roles }), ...(expiresAt !== undefined && { expires_at: expiresAt === "never" ? null : expiresAt }) }
}

function memberTable(members: readonly z.infer<typeof Member>[]): string {
  return table(
    ["PRINCIPAL", "ROLES", "GRANTED BY", "GRANTED AT"],
    members.map((one) => [
      one.principal,
      one.roles.map((role) => shownRole(role, one.expires_at?.[role])).join(", "),
      one.granted_by,
      one.granted_at,
    ]),
  )
}

function shownRole(role: string, end: string | undefined): string {
  return end === undefined ? role : `${role} (until ${end})`
}
