import { writeFileSync } from "node:fs"
import { mkdir, mkdtemp, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { RoleBinding } from "../../../src/model/role-binding.js"
import { fileSource, type Source } from "../../../src/source/index.js"

const open = new AbortController().signal
let directory = ""

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portcullis-file-source-"))
})
afterEach(() => rm(directory, { recursive: true }))

async function fileWith(name: string, content: string | Uint8Array): Promise<Source> {
  await writeFile(join(directory, name), content)
  return fileSource({ path: join(directory, name) })
}

async function bindingsIn(source: Source): Promise<readonly RoleBinding[]> {
  const read = await source.read(undefined, open)
  const bindings: RoleBinding[] = []
  if (read.kind === "snapshot") for await (const page of read.pages) bindings.push(...page)
  return bindings
}

const rows = (...list: readonly (readonly [principal: string, workspace: string, role: string])[]) =>
  list.map(([principal, workspace, role]) => ({ principal, workspace, role }))

describe("the file source", () => {
  it.each([
    [
      "a.yaml",
      "# comment\nversion: 1\nbindings:\n  - principal: ann\n    workspace: ml\n    roles: [Viewer, Admin]\n  - { principal: '*', workspace: system, role: Viewer }\n",
    ],
    [
      "a.yml",
      "bindings:\n- {principal: ann, workspace: ml, roles: [Viewer, Admin]}\n- {principal: '*', workspace: system, roles: [Viewer]}\nversion: 1",
    ],
    [
      "a.json",
      '\ufeff{ "bindings": [{"principal":"ann","workspace":"ml","roles":["Viewer","Admin"]},{"principal":"*","workspace":"system","role":"Viewer"}],\n"version": 1 }',
    ],
    ["a.ndjson", '{"principal":"ann","workspace":"ml","roles":["Viewer","Admin"]}\r\n\n{"principal":"*","workspace":"system","role":"Viewer"}\n'],
    [
      "a.ndjson",
      '{"version":1,"bindings":2}\n{"principal":"ann","workspace":"ml","roles":["Viewer","Admin"]}\n{"principal":"*","workspace":"system","role":"Viewer"}\n\n{"end":2}\n\n',
    ],
    [
      "a.JSONL",
      '\ufeff{"role":"Viewer","workspace":"ml","principal":"\\u0061nn"}\n{"principal":"ann","workspace":"ml","roles":["Admin"]}\n{"roles":["Viewer"],"principal":"*","workspace":"system"}\n',
    ],
  ])("reads %s", async (name, text) => {
    expect(await bindingsIn(await fileWith(name, text))).toEqual(rows(["ann", "ml", "Viewer"], ["ann", "ml", "Admin"], ["*", "system", "Viewer"]))
  })

  it.each([
    ["a.yaml", "version: 1\nbindings: []\n"],
    ["a.json", '{"version":1,"bindings":[]}'],
    ["a.ndjson", '{"version":1,"bindings":0}\n'],
    ["a.ndjson", '{"bindings":0,"version":1}\n{"end":0}\n'],
    ["a.ndjson", '{"end":0}\n'],
    ["a.yaml", "version: 1\nbindings:\n  - {principal: ann, workspace: ml, roles: []}\n"],
  ])("reads no bindings from %s when it says so: %j", async (name, text) => {
    expect(await bindingsIn(await fileWith(name, text))).toEqual([])
  })

  it.each([
    ["yaml", "version: 1\nbindings:\n  - principal: ann\n    workspace: '-'\n    roles: [Viewer]\n", 4, '"-"'],
    ["yaml", "version: 1\nbindings:\n  - principal: ann\n    workspace: ml\n    roles: [Viewer, 7]\n", 5, "7"],
    ["yaml", "version: 1\nbindings:\n  - principal: 12\n    workspace: ml\n    roles: [Viewer]\n", 3, "12"],
    ["yaml", "version: 1\nbindings:\n  - principal: ann\n    workspace: ml\n    role: A\n    principal: bob\n", 6, "principal"],
    ["yaml", "version: 1\nbindings:\n  - principal: ann\n    workspace: ml\n    rolls: [A]\n", 5, "rolls"],
    ["yaml", "version: 1\nbindings:\n  - principal: ann\n    workspace: ml\n    roles:\n", 5, "null"],
    ["yaml", "version: 1\nbindings:\n  - principal: ann\n    workspace: ml\n    role: A\n    roles: [B]\n", 6, "both"],
    ["yaml", "version: 1\nbindings:\n  - ann\n", 3, "a binding"],
    ["yaml", "version: 1\nbindings:\n", 2, "bindings"],
    ["yaml", "version: 1\n", 1, "bindings"],
    ["yaml", "version: 2\nbindings: []\n", 1, "2"],
    ["yaml", "bindings: []\n", 1, "version"],
    ["yaml", "version: 1\nbindings: []\nbindings: []\n", 3, "bindings"],
    ["yaml", "version: 1\nbindings: []\nroles: {}\n", 3, "roles"],
    ["yaml", "version: 1\nbindings:\n  - &a {principal: a, workspace: b, role: c}\n  - *a\n", 4, "alias"],
    ["yaml", "version: 1\nbindings:\n  - {principal: a, workspace: b, role: c\n", 4, "YAML"],
    ["yaml", "version: 1\nbindings:\n  - {principal: !who a, workspace: b, role: c}\n", 3, "!who"],
    ["yaml", "version: 1\nbindings:\n  - {principal: a, workspace: b, roles: !!seq [c]}\n", 3, "tag"],
    ["yaml", "version: 1\nbindings:\n  - {principal: !!str 12, workspace: b, role: c}\n", 3, "tag"],
    ["yaml", "version: 1\nbindings:\n  - &a {principal: a, workspace: b, role: c}\n  - {<<: *a, role: d}\n", 4, "<<"],
    ["yaml", "%YAML 1.1\n---\nversion: 1\nbindings: []\n", 1, "1.1"],
    ["yaml", "- principal: a\n", 1, "the file"],
    ["yaml", "   \n", 1, "the file"],
    [
      "json",
      '{"version":1,\n"bindings":[\n{"principal":"ann","workspace":"ml","roles":["Viewer"]},\n{"principal":"ann","workspace":"m/l","roles":["Viewer"]}]}',
      4,
      "m/l",
    ],
    ["json", '{"version":1,"bindings":[\n{"principal":"ann",\n"principal":"bob","workspace":"ml","role":"A"}]}', 3, "principal"],
    ["json", '{"version":1,"bindings":[{"principal":"ann","workspace":"ml",\n"__proto__":"x","role":"A"}]}', 2, "__proto__"],
    ["json", '{"version":1,"bindings":[],\n"version":1}', 2, "version"],
    ["json", '{"version":1,"bindings":[\n{"principal":"ann","workspace":"ml","role":"A"},\n{"princ', 3, "complete"],
    ["json", '{"version":1,"bindings":[]}\n{}', 2, "the end"],
    ["json", '{"version":"1","bindings":[]}', 1, '"1"'],
    ["json", '{"version":1,"bindings":{}}', 1, "'['"],
    ["json", "{}", 1, "version"],
    ["ndjson", '{"principal":"a","workspace":"b","role":"c"}\n\n{"principal":"a","principal":"d","workspace":"b","role":"c"}\n', 3, "principal"],
    [
      "ndjson",
      '{"principal":"a","workspace":"b","role":"c"}\n{"principal":"a","workspace":"b","role":"c","expires_at":"2030-01-01"}\n',
      2,
      "expires_at",
    ],
    ["ndjson", '{"principal":"a","workspace":"b","role":"c"}\n{"principal":"a","workspace":"b","role":"', 2, "complete"],
    ["ndjson", '{"principal":"a","workspace":"b","role":"c"}\n[]\n', 2, "'{'"],
    ["ndjson", '{"principal":"a","workspace":"b","role":"c"} {}\n', 1, "the end"],
    ["ndjson", '{"principal":"a","workspace":"b","roles":"c"}\n', 1, '"c"'],
    ["ndjson", '{"principal":"a","workspace":"b","roles":[["c"]]}\n', 1, "["],
    ["ndjson", '{"principal":"a","workspace":"b"}\n', 1, "roles"],
    ["ndjson", '{"principal":"\\ud800","workspace":"b","role":"c"}\n', 1, "surrogate"],
    ["ndjson", '{"principal":"","workspace":"b","roles":[]}\n', 1, "principal"],
    ["ndjson", '{"principal":"a","workspace":"b","role":"c"}\n{"principal":"a","workspace":"b","role":"d"}', 2, "line feed"],
    ["ndjson", '{"version":1,"bindings":0}', 1, "line feed"],
    ["ndjson", "\n", 1, '{"version":1,"bindings":0}'],
    ["ndjson", "\n \r\n\n", 1, '{"version":1,"bindings":0}'],
    ["ndjson", '{"version":1,"bindings":2}\n{"principal":"a","workspace":"b","role":"c"}\n', 1, "2 bindings"],
    ["ndjson", '{"version":1,"bindings":0}\n{"principal":"a","workspace":"b","role":"c"}\n', 1, "0 bindings"],
    ["ndjson", '{"principal":"a","workspace":"b","role":"c"}\n{"end":2}\n', 2, "2 bindings"],
    ["ndjson", '{"end":0}\n{"principal":"a","workspace":"b","role":"c"}\n', 2, "follows"],
    ["ndjson", '{"version":2,"bindings":0}\n', 1, "2"],
    ["ndjson", '{"version":1}\n', 1, "bindings"],
    ["ndjson", '{"version":1,"bindings":"0"}\n', 1, '"0"'],
    ["ndjson", '{"version":1,"bindings":0,"more":1}\n', 1, "more"],
    ["ndjson", '{"version":1,"bindings":0}\n{"version":1,"bindings":0}\n', 2, "version"],
    ["ndjson", '{"end":0,"version":1}\n', 1, "version"],
  ])("refuses %s and names line and value: %j", async (ending, text, line, word) => {
    const failure = bindingsIn(await fileWith(`a.${ending}`, text))
    await expect(failure).rejects.toMatchObject({ name: "PdpError", code: "ERR_SOURCE_UNAVAILABLE" })
    await expect(failure).rejects.toThrow(`${join(directory, `a.${ending}`)}:${line}: `)
    await expect(failure).rejects.toThrow(word)
  })

  it.each([
    ["an empty file", "a.ndjson", ""],
    ["bytes that are not UTF-8", "a.json", new Uint8Array([0x22, 0xc3, 0x28])],
    ["half a character at the end", "a.ndjson", new Uint8Array([0x0a, 0xc3])],
    ["YAML that is nested a hundred thousand deep", "a.yaml", "[".repeat(100_000)],
    ["YAML that is nested as deep and closed again", "a.yaml", `version: 1\nbindings: ${"[".repeat(100_000)}${"]".repeat(100_000)}`],
    ["YAML over 1 MiB", "a.yaml", `version: 1\nbindings: []\n#${" ".repeat(1_048_576)}`],
    ["JSON over 8 MiB", "a.json", `{"version":1,"bindings":[]}${" ".repeat(8_388_608)}`],
    ["a line over 1 MiB", "a.ndjson", `{"principal":"${"a".repeat(2_097_152)}`],
  ])("refuses %s", async (_, name, content) => {
    await expect(bindingsIn(await fileWith(name, content))).rejects.toMatchObject({ name: "PdpError", code: "ERR_SOURCE_UNAVAILABLE" })
  })

  it("refuses a missing file and a directory, and reads it as soon as it is there", async () => {
    const path = join(directory, "a.ndjson")
    const source = fileSource({ path })
    await expect(source.read(undefined, open)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    await mkdir(path)
    await expect(source.read(undefined, open)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    await rm(path, { recursive: true })
    await writeFile(path, '{"principal":"a","workspace":"b","role":"c"}\n')
    expect(await bindingsIn(source)).toEqual(rows(["a", "b", "c"]))
  })

  it.each(["a.txt", "a", "a.yaml.bak"])("refuses the name %s at once", (path) => {
    expect(() => fileSource({ path })).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })

  it("refuses a file that changes while it is read", async () => {
    const line = '{"principal":"a","workspace":"b","role":"c"}\n'
    const source = await fileWith("a.ndjson", line.repeat(10_000))
    const read = await source.read(undefined, open)
    const drained = (async () => {
      if (read.kind === "snapshot") for await (const _ of read.pages) await writeFile(join(directory, "a.ndjson"), line.repeat(9_000))
    })()
    await expect(drained).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
  })

  it("reads lines that cross the borders of chunks", async () => {
    const names = Array.from({ length: 9_000 }, (_, at) => `Zoë-${"😀".repeat(at % 23)}-${at}`)
    const source = await fileWith("a.ndjson", names.map((principal) => `${JSON.stringify({ principal, workspace: "ml", role: "A" })}\n`).join(""))
    expect((await bindingsIn(source)).map(({ principal }) => principal)).toEqual(names)
  })

  it("does not read a file again that has long been the same", async () => {
    const path = join(directory, "a.ndjson")
    await writeFile(path, '{"end":0}\n')
    const source = fileSource({ path, now: () => Date.now() + 60_000 })
    const read = await source.read(undefined, open)
    if (read.kind === "snapshot") for await (const _ of read.pages) expect.unreachable()
    expect(await source.read("position" in read ? read.position : undefined, open)).toEqual({ kind: "unchanged" })
  })

  it("sees every change of a file that is written faster than the file system's clock ticks", async () => {
    const path = join(directory, "a.ndjson")
    const source = fileSource({ path })
    for (let round = 0; round < 100; round++) {
      writeFileSync(path, '{"principal":"a","workspace":"b","role":"X"}\n')
      const read = await source.read(undefined, open)
      if (read.kind === "snapshot") for await (const page of read.pages) expect(page).toEqual(rows(["a", "b", "X"]))
      writeFileSync(path, '{"principal":"a","workspace":"b","role":"Y"}\n')
      expect((await source.read("position" in read ? read.position : undefined, open)).kind).toBe("snapshot")
    }
  })

  it("takes a position for foreign when its pages were abandoned", async () => {
    const source = await fileWith("a.ndjson", '{"principal":"a","workspace":"b","role":"c"}\n')
    const read = await source.read(undefined, open)
    expect((await source.read("position" in read ? read.position : undefined, open)).kind).toBe("snapshot")
  })

  it("sees a file again that was only touched", async () => {
    const path = join(directory, "a.ndjson")
    const source = await fileWith("a.ndjson", '{"principal":"a","workspace":"b","role":"c"}\n')
    await bindingsIn(source)
    await utimes(path, new Date(), new Date(0))
    expect(await bindingsIn(source)).toEqual(rows(["a", "b", "c"]))
    expect(await readFile(path, "utf8")).toContain("principal")
  })

  it("pushes when Kubernetes swaps the links of a mounted volume", async () => {
    for (const [version, role] of [
      ["v1", "Viewer"],
      ["v2", "Admin"],
    ] as const) {
      await mkdir(join(directory, version))
      await writeFile(join(directory, version, "a.ndjson"), `{"principal":"a","workspace":"b","role":"${role}"}\n`)
    }
    await symlink("v1", join(directory, "..data"))
    await symlink(join("..data", "a.ndjson"), join(directory, "a.ndjson"))
    const source = fileSource({ path: join(directory, "a.ndjson") })
    expect(await bindingsIn(source)).toEqual(rows(["a", "b", "Viewer"]))
    const news = new Promise<void>((resolve) => source.subscribe?.(resolve))
    await symlink("v2", join(directory, "..data_tmp"))
    await rename(join(directory, "..data_tmp"), join(directory, "..data"))
    await news
    expect(await bindingsIn(source)).toEqual(rows(["a", "b", "Admin"]))
    await source.close()
  })
})
