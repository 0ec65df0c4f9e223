import { mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { RoleBinding } from "../../src/model/role-binding.js"
import { fileSource } from "../../src/source/index.js"
import { describeSource, type SourceUnderTest } from "./source.contract.js"

const jsonText = (bindings: readonly RoleBinding[]) =>
  JSON.stringify({ version: 1, bindings: bindings.map(({ role, ...rest }) => ({ ...rest, roles: [role] })) })
const yamlText = (bindings: readonly RoleBinding[]) =>
  bindings.length === 0 ? "version: 1\nbindings: []\n" : `version: 1\nbindings:\n${bindings.map((one) => `  - ${JSON.stringify(one)}\n`).join("")}`
const linesText = (bindings: readonly RoleBinding[]) => bindings.map((one) => `${JSON.stringify(one)}\n`).join("") || '{"version":1,"bindings":0}\n'

describeSource("fileSource on JSON", () => fileUnderTest("bindings.json", jsonText, replaced))
describeSource("fileSource on YAML", () => fileUnderTest("bindings.yaml", yamlText, replaced))
describeSource("fileSource on NDJSON", () => fileUnderTest("bindings.ndjson", linesText, replaced))
describeSource("fileSource on NDJSON that is written in place", () => fileUnderTest("bindings.jsonl", linesText, writeFile))

async function fileUnderTest(
  name: string,
  textOf: (bindings: readonly RoleBinding[]) => string,
  write: (path: string, text: string) => Promise<void>,
): Promise<SourceUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), "portcullis-source-"))
  const path = join(directory, name)
  const bindings = new Map<string, RoleBinding>()
  const save = () => write(path, textOf([...bindings.values()]))
  await save()
  return {
    source: fileSource({ path }),
    async write(changes) {
      for (const { op, binding } of changes) {
        if (op === "add") bindings.set(keyOf(binding), binding)
        else bindings.delete(keyOf(binding))
      }
      await save()
    },
    spoil: () => write(path, textOf([...bindings.values(), { principal: "eve", workspace: "-", role: "Admin" }])),
    mend: save,
    cleanUp: () => rm(directory, { recursive: true }),
  }
}

async function replaced(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

/** A binding is one, whatever its expiry. */
function keyOf({ principal, workspace, role }: RoleBinding): string {
  return JSON.stringify([principal, workspace, role])
}
