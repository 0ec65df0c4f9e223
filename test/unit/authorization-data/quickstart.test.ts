import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { loadAuthorizationData, readAuthorizationDataFiles } from "../../../src/authorization-data/index.js"

const quickstart = ["authorization.yaml", "bindings.yaml"].map((file) =>
  fileURLToPath(new URL(`../../../examples/quickstart/${file}`, import.meta.url)),
)

describe("files", () => {
  it("of the quickstart are in order in both profiles", async () => {
    const documents = await readAuthorizationDataFiles(quickstart)
    for (const profile of ["hardened", "nemo"] as const) expect(loadAuthorizationData({ documents, profile }).findings).toEqual([])
    expect(loadAuthorizationData({ documents, profile: "hardened" }).bindings).toContainEqual({
      principal: "ann@example.com",
      workspace: "ml-team",
      role: "Viewer",
    })
  })

  it("that do not exist are refused", async () => {
    await expect(readAuthorizationDataFiles(["/nowhere/a.yaml"])).rejects.toMatchObject({ code: "ERR_AUTHORIZATION_DATA_INVALID" })
  })

  it("that are not UTF-8 are refused", async () => {
    const folder = await mkdtemp(join(tmpdir(), "portcullis-"))
    try {
      await writeFile(join(folder, "a.yaml"), Uint8Array.of(0xff, 0xfe))
      await expect(readAuthorizationDataFiles([join(folder, "a.yaml")])).rejects.toMatchObject({ code: "ERR_AUTHORIZATION_DATA_INVALID" })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
