import { z } from "zod"
import type { Change, Deleted, Entity, Member, Page, RoleBindingRecord, Workspace } from "../administration/index.js"

const time = z.string().describe("RFC 3339, UTC.")
const who = z.string().describe("A stored principal, or `system:<part of Portcullis>`.")
const written = {
  revision: z.string().describe("The state that holds this write; send it as `X-Portcullis-At-Least`."),
  propagated: z.boolean().describe("True: this process decides on it; with `wait=fleet` every OPA that is known, too."),
  fleet: z
    .looseObject({ waited_for: z.int(), missing: z.array(z.looseObject({ id: z.string() })) })
    .exactOptional()
    .describe("With `wait=fleet`: how many OPAs are known, and which of them do not decide on it yet."),
}
const made = { created_at: time, created_by: who, updated_at: time, updated_by: who }

/** A workspace. */
export const WorkspaceAnswer = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  workspace: z.string(),
  ...made,
}) satisfies z.ZodType<Workspace>

/** A member. */
export const MemberAnswer = z.object({
  principal: z.string(),
  roles: z.array(z.string()),
  granted_at: time,
  granted_by: who,
  expires_at: z.record(z.string(), time).exactOptional().describe("When roles end, by role."),
}) satisfies z.ZodType<Member>

/** All members. */
export const MembersAnswer = z.object({ data: z.array(MemberAnswer) })

/** A role binding. */
export const RoleBindingAnswer = z.object({
  id: z.string(),
  name: z.string(),
  principal: z.string(),
  workspace: z.string(),
  role: z.string(),
  granted_by: who,
  granted_at: time,
  expires_at: time.nullable(),
  revoked_by: who.nullable(),
  revoked_at: time.nullable(),
}) satisfies z.ZodType<RoleBindingRecord>

/** An entity. */
export const EntityAnswer = z.object({
  id: z.string(),
  name: z.string(),
  entity_type: z.string(),
  workspace: z.string(),
  data: z.record(z.string(), z.unknown()),
  db_version: z.number(),
  ...made,
}) satisfies z.ZodType<Entity>

/** One change, of what the filter `action` lists. */
export const ChangeAnswer = z.object({
  revision: z.string(),
  at: time,
  actor: who,
  action: z.string(),
  principal: z.string().exactOptional(),
  workspace: z.string().exactOptional(),
  role: z.string().exactOptional(),
  expires_at: time.exactOptional(),
  entity_type: z.string().exactOptional(),
  name: z.string().exactOptional(),
}) satisfies z.ZodType<Omit<Change, "action">>

/** What a deletion answers. */
export const DeletedAnswer = z.object({ id: z.string(), message: z.string(), deleted_count: z.number() }) satisfies z.ZodType<Deleted>

/** The same with what every write answers besides. */
export function writtenAnswer<Shape extends z.core.$ZodLooseShape>(answer: z.ZodObject<Shape>): z.ZodObject {
  return z.object({ ...answer.shape, ...written })
}

/** A page of such things. */
export function pageAnswer<Item extends z.ZodType>(item: Item): z.ZodType {
  const pagination = { page: z.int(), page_size: z.int(), current_page_size: z.int(), total_pages: z.int(), total_results: z.int() }
  const page = { data: z.array(item), pagination: z.object(pagination), sort: z.string(), filter: z.record(z.string(), z.unknown()) }
  return z.object(page) satisfies z.ZodType<Page<unknown>>
}
