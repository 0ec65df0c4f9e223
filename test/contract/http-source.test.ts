import { createHash } from "node:crypto"
import type { ServerResponse } from "node:http"
import type { RoleBinding } from "../../src/model/role-binding.js"
import { httpSource } from "../../src/source/index.js"
import { documentServer } from "../fixtures/document-server.js"
import { describeSource, type SourceUnderTest } from "./source.contract.js"

interface Served {
  readonly text: string
  readonly modified: Date
}

const jsonText = (bindings: readonly RoleBinding[]) => JSON.stringify({ version: 1, bindings })
const linesText = (bindings: readonly RoleBinding[]) => bindings.map((one) => `${JSON.stringify(one)}\n`).join("") || '{"version":1,"bindings":0}\n'
const digestOf = (text: string) => createHash("sha256").update(text).digest("base64url")

describeSource(
  "httpSource on NDJSON with entity tags",
  () => servedSource("application/x-ndjson", linesText, ({ text }) => ({ etag: `"${digestOf(text)}"` })),
  ["push"],
)
describeSource(
  "httpSource on JSON with weak entity tags",
  () => servedSource("application/json", jsonText, ({ text }) => ({ etag: `W/"${digestOf(text)}"` })),
  ["push"],
)
describeSource(
  "httpSource on JSON with dates",
  () => servedSource("application/json", jsonText, ({ modified }) => ({ "last-modified": modified.toUTCString() })),
  ["push"],
)
describeSource("httpSource on NDJSON with nothing to compare but the content", () => servedSource("application/jsonl", linesText, () => ({})), [
  "push",
])

async function servedSource(
  type: string,
  textOf: (bindings: readonly RoleBinding[]) => string,
  validators: (served: Served) => Readonly<Record<string, string>>,
): Promise<SourceUnderTest> {
  const bindings = new Map<string, RoleBinding>()
  let served: Served = { text: textOf([]), modified: new Date() }
  const save = async (list: readonly RoleBinding[]) => {
    served = { text: textOf(list), modified: new Date() }
  }
  const server = await documentServer(({ headers }, response) => {
    const known = validators(served)
    if (known["etag"] !== undefined && headers["if-none-match"] === known["etag"]) return send(response, 304, known)
    if (known["last-modified"] !== undefined && headers["if-modified-since"] === known["last-modified"]) return send(response, 304, known)
    send(response, 200, { ...known, "content-type": type }, served.text)
  })
  return {
    source: httpSource({ url: `${server.origin}bindings` }),
    async write(changes) {
      for (const { op, binding } of changes) {
        if (op === "add") bindings.set(keyOf(binding), binding)
        else bindings.delete(keyOf(binding))
      }
      await save([...bindings.values()])
    },
    spoil: () => save([...bindings.values(), { principal: "eve", workspace: "-", role: "Admin" }]),
    mend: () => save([...bindings.values()]),
    cleanUp: () => server.close(),
  }
}

function send(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, text = ""): void {
  response.writeHead(status, headers).end(text)
}

/** A binding is one, whatever its expiry. */
function keyOf({ principal, workspace, role }: RoleBinding): string {
  return JSON.stringify([principal, workspace, role])
}
