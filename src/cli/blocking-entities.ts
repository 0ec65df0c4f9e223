import { z } from "zod"
import { entitiesOperation } from "../administration/index.js"
import { PdpError } from "../errors.js"
import type { ApiClient } from "./api-client.js"
import { proposed, urlFlags, type ApiTarget } from "./api-options.js"
import { quoted } from "./curl-line.js"
import { table } from "./table.js"

/**
 * Runs what deletes a workspace. When entities stand in the way, the refusal lists them, and says how to delete them.
 *
 * @throws {PdpError} what the deletion throws
 */
export async function withEntitiesListed<Value>(client: ApiClient, workspace: string, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run()
  } catch (thrown) {
    if (!(thrown instanceof PdpError) || thrown.code !== "ERR_CONFLICT") throw thrown
    const counts = countsIn(thrown)
    if (counts.length === 0) throw thrown
    throw new PdpError(thrown.code, `${thrown.message}\n${await listing(client, workspace, counts)}`, {
      reason: thrown.reason,
      details: thrown.details,
      cause: thrown,
    })
  }
}

const Counts = z.array(z.object({ entity_type: z.string(), count: z.number() }))
type Count = z.infer<typeof Counts>[number]

const namesOfEach = 3

/** From the body, else from the sentence, which is the same in the reference system. */
function countsIn({ message, details }: PdpError): readonly Count[] {
  const { data } = Counts.safeParse(details["entities"])
  if (data) return data
  const [, list = ""] = message.split("entities that must be deleted first: ")
  return [...list.matchAll(/(\S+) \((\d+)\)/g)].map(([, type = "", count]) => ({ entity_type: type, count: Number(count) }))
}

async function listing(client: ApiClient, workspace: string, counts: readonly Count[]): Promise<string> {
  const named = await Promise.all(counts.map(async (one) => ({ ...one, names: await firstNames(client, workspace, one.entity_type) })))
  const rows = named.map(({ entity_type: type, count, names }) => [
    `  ${type}`,
    String(count),
    `${names.join(", ")}${names.length < count ? ", …" : ""}`,
  ])
  const { url } = client.target
  const [first] = named.flatMap(({ entity_type: type, names }) => names.map((name) => entitiesOperation("DELETE", workspace, "entities", type, name)))
  return [
    table(["  TYPE", "COUNT", "NAMES"], rows).trimEnd(),
    "Delete them in the services that they belong to, or one by one here:",
    `  curl -X DELETE -H ${identityHeader(client.target)} ${quoted(`${url}${first?.path ?? `${entitiesOperation("DELETE", workspace, "entities").path}/<type>/<name>`}`)}`,
    "Then delete the workspace:",
    `  ${proposed(client.target, "workspaces", "delete", workspace)}`,
  ].join("\n")
}

/** A header for curl, as one word of a shell line. A token is not shown, but asked for. */
function identityHeader(target: ApiTarget): string {
  const { identity } = target
  return identity.kind === "principal"
    ? quoted(`X-NMP-Principal-Id: ${identity.principal}`)
    : `"Authorization: Bearer $(${proposed({ flags: urlFlags(target) }, "auth", "token")})"`
}

const Names = z.object({ data: z.array(z.object({ name: z.string() })) })

/** None when they may not be listed: their number is known anyway. */
async function firstNames(client: ApiClient, workspace: string, type: string): Promise<readonly string[]> {
  const request = { operation: entitiesOperation("GET", workspace, "entities", type), query: { page_size: String(namesOfEach) } }
  try {
    return (await client.send(request, Names)).data.map(({ name }) => name)
  } catch (thrown) {
    if (thrown instanceof PdpError) return []
    throw thrown
  }
}
