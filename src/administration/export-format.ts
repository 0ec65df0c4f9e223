import { z } from "zod"
import { RoleBinding } from "../model/role-binding.js"

const Text = z
  .string()
  .max(4_096)
  .regex(/^[^\0]*$/, "must hold no NUL character")
const Name = Text.min(1).max(320)
const Time = z.iso.datetime({ offset: true, error: "must be a time such as 2030-01-31T12:00:00Z" })

/** The first line of an export. */
export const ExportHeader = z.strictObject({
  portcullis_export: z.literal(1, { error: "is none that this Portcullis knows (1); use the one that wrote it, or a newer one" }),
  at: Time,
  /** The state that was exported. */
  revision: z.string(),
})
export type ExportHeader = Readonly<z.infer<typeof ExportHeader>>

/** How many of each an export holds. */
export const ExportCounts = z.strictObject({ workspaces: z.int(), bindings: z.int(), entities: z.int() })
export type ExportCounts = Readonly<z.infer<typeof ExportCounts>>

/** The last line of an export. Without it the export is cut off. */
export const ExportTrailer = z.strictObject({ portcullis_export_end: ExportCounts })
export type ExportTrailer = Readonly<z.infer<typeof ExportTrailer>>

const record = { created_at: Time, created_by: Text, updated_at: Time, updated_by: Text }

const ExportedWorkspace = z.strictObject({ name: RoleBinding.shape.workspace, id: Name, description: Text, ...record })

const ExportedBinding = RoleBinding.extend({
  granted_by: Text.optional(),
  granted_at: Time.optional(),
  revoked_by: Text.optional(),
  revoked_at: Time.optional(),
})

/** A role binding of an export, or of a file of bindings. */
export type ExportedBinding = Readonly<z.infer<typeof ExportedBinding>>

const ExportedEntity = z.strictObject({
  workspace: RoleBinding.shape.workspace,
  entity_type: Name,
  name: Name,
  id: Name,
  data: z.record(z.string(), z.unknown()),
  db_version: z.int().min(1),
  ...record,
})

/** One line between the first and the last: a workspace, a role binding or an entity. */
export const ExportRow = {
  workspace: z.strictObject({ workspace: ExportedWorkspace }),
  binding: z.strictObject({ binding: ExportedBinding }),
  entity: z.strictObject({ entity: ExportedEntity }),
} as const
export type ExportRow = Readonly<z.infer<(typeof ExportRow)["workspace"] | (typeof ExportRow)["binding"] | (typeof ExportRow)["entity"]>>
