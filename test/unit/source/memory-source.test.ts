import { describe, expect, it } from "vitest"
import type { RoleBinding } from "../../../src/model/role-binding.js"
import { memorySource, type MemorySource, type SourceRead } from "../../../src/source/index.js"

const signal = new AbortController().signal
const binding = (principal: string, role = "Viewer"): RoleBinding => ({ principal, workspace: "ml", role })

async function positionOf(source: MemorySource): Promise<string> {
  return positionIn(await source.read(undefined, signal))
}

function positionIn(read: SourceRead): string {
  if (read.kind === "unchanged") throw new TypeError("no position")
  return read.position
}

describe("the memory source", () => {
  it("answers changes, oldest first, to those who are not far behind", async () => {
    const source = memorySource([binding("ann")])
    const position = await positionOf(source)
    source.add(binding("bob"), binding("eve"))
    source.remove(binding("ann"), binding("nobody"))
    expect(await source.read(position, signal)).toMatchObject({
      kind: "changes",
      changes: [
        { op: "add", binding: binding("bob") },
        { op: "add", binding: binding("eve") },
        { op: "remove", binding: binding("ann") },
      ],
    })
  })

  it("answers only the difference after a replacement", async () => {
    const source = memorySource([binding("ann"), binding("bob")])
    const position = await positionOf(source)
    source.replace([binding("bob"), binding("eve"), binding("eve")])
    expect(await source.read(position, signal)).toMatchObject({
      kind: "changes",
      changes: [
        { op: "remove", binding: binding("ann") },
        { op: "add", binding: binding("eve") },
      ],
    })
  })

  it("answers a snapshot to those who are more than 10,000 changes behind", async () => {
    const source = memorySource()
    const position = await positionOf(source)
    source.add(binding("ann"))
    const later = positionIn(await source.read(position, signal))
    source.replace(Array.from({ length: 9_999 }, (_, at) => binding(`p${at}`)))
    expect((await source.read(later, signal)).kind).toBe("changes")
    expect((await source.read(position, signal)).kind).toBe("snapshot")
  })

  it("answers a snapshot after a position of another memory source", async () => {
    const position = await positionOf(memorySource())
    expect((await memorySource().read(position, signal)).kind).toBe("snapshot")
  })

  it("stays as it was when one of several bindings is invalid", async () => {
    const source = memorySource([binding("ann")])
    const position = await positionOf(source)
    const invalid = { principal: "bob", workspace: "-", role: "Viewer" }
    expect(() => source.add(binding("eve"), invalid)).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
    expect(() => source.replace([invalid])).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
    expect(await source.read(position, signal)).toEqual({ kind: "unchanged" })
    expect(() => memorySource([invalid])).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
  })

  it.each(["principal", "workspace", "role"])("refuses half of a surrogate pair as %s, which no decision could be made with", (member) => {
    const source = memorySource()
    const halved = { ...binding("ann"), [member]: "a\ud800" }
    expect(() => source.add(halved)).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
    expect(() => memorySource([halved])).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
    source.add({ ...binding("ann"), [member]: "a\ud83d\ude00" })
  })

  it("pushes once for each batch that has an effect", () => {
    const source = memorySource()
    let calls = 0
    source.subscribe?.(() => calls++)
    source.add(binding("ann"), binding("bob"))
    source.add(binding("ann"))
    source.remove(binding("nobody"))
    source.replace([binding("bob"), binding("ann")])
    expect(calls).toBe(1)
  })

  it("does not notice when the caller changes an object afterwards", async () => {
    const mutable = { principal: "ann", workspace: "ml", role: "Viewer" }
    const source = memorySource([mutable])
    mutable.role = "Admin"
    const read = await source.read(undefined, signal)
    const bindings: RoleBinding[] = []
    if (read.kind === "snapshot") for await (const page of read.pages) bindings.push(...page)
    expect(bindings).toEqual([binding("ann")])
  })

  it("refuses to be written to once it is closed", async () => {
    const source = memorySource()
    await source.close()
    expect(() => source.add(binding("ann"))).toThrow(expect.objectContaining({ code: "ERR_CLOSED" }))
  })
})
