import { execFile } from "node:child_process"
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it, onTestFinished } from "vitest"
import { freePort } from "../fixtures/free-port.js"
import { quickstartCopy } from "../fixtures/quickstart.js"
import { root, start } from "../fixtures/sidecar.js"

it("the README's section on OPAs works as it stands: pasted in a clone, with other ports", async () => {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-readme-opas-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  copyFileSync(join(root, "package.json"), join(folder, "package.json"))
  for (const part of ["dist", "node_modules", "policies"]) symlinkSync(join(root, part), join(folder, part))
  const readme = readFileSync(join(root, "README.md"), "utf8")
  const [, snippet = ""] = /## With your OPAs[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme) ?? []
  const sidecar = start(["serve", "--config", join(quickstartCopy(), "portcullis.yaml"), "--listen", "127.0.0.1:0"])
  const [, url = ""] = await sidecar.printed("out", /listens on (http:\S+)/)
  const programs = [
    // It is killed by the number of the last background process, which must be OPA's own.
    `mkdir ${folder}/bin; ln -s ${process.env["OPA_BIN"] ?? "$(command -v opa)"} ${folder}/bin/opa; export PATH=${folder}/bin:$PATH`,
  ]
  const pasted = snippet.replaceAll("http://127.0.0.1:8181", url).replaceAll("127.0.0.1:8282", `127.0.0.1:${await freePort()}`)
  const { stdout } = await promisify(execFile)("bash", ["-euc", [...programs, pasted].join("\n")], {
    cwd: folder,
    env: { ...process.env, npm_config_cache: join(folder, ".npm") },
  })
  const lines = stdout.replaceAll(/(?<=\})(?=\{)/g, "\n").split("\n")
  expect(lines.filter((line) => line.includes('{"result":')).map((line) => /\{"result":\w+\}/.exec(line)?.[0])).toEqual([
    '{"result":false}',
    '{"result":true}',
    '{"result":false}',
  ])
  const writes = lines.filter((line) => line.includes('"propagated":true'))
  expect(writes.map((line) => line.includes('"fleet":{"waited_for":1,"missing":[]}'))).toEqual([true, true])
  for (const write of writes) expect(Number(/ ([\d.]+) s$/.exec(write)?.[1])).toBeLessThan(1)
  expect(stdout).toMatch(/^this process +current +\S+/m)
  expect(stdout).toMatch(/ current +\S+ .*service:opa at 127\.0\.0\.1 +opa \d/m)
})
