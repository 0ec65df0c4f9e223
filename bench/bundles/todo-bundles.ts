import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { packFiles, readBundle } from "../../src/bundle/index.js"
import { root } from "../clone.js"
import { newcomer } from "../newcomer.js"

/**
 * Makes two bundles of `examples/custom-policy` with its policy compiled to WASM, and as many people with a role in their data: `before.tar.gz` and, with the
 * first newcomer besides, `after.tar.gz`.
 */
export async function writeTodoBundles(count: number, folder: string): Promise<void> {
  const { files, data: example } = await readBundle(readFileSync(join(root, "examples/custom-policy/bundle.tar.gz")))
  const people = Array.from({ length: count }, (_, at) => `person-${at}@example.com`)
  const write = async (name: string, members: readonly string[]): Promise<void> => {
    const assignments = Object.fromEntries(members.map((person) => [person, ["member"]]))
    const data = { name: "data.json", body: Buffer.from(JSON.stringify({ ...example, assignments })) }
    const others = [...files].filter(([file]) => file !== data.name).map(([file, body]) => ({ name: file, body: Buffer.from(body) }))
    writeFileSync(join(folder, name), (await packFiles([...others, data], async () => {})).bytes)
  }
  await write("before.tar.gz", people)
  await write("after.tar.gz", [...people, newcomer(0).principal])
}
