import { expect, it } from "vitest"
import { nameOfProgram } from "../../../src/cli/our-name.js"

it.each([
  ["in a clone", "file:///home/ann/portcullis/dist/cli/our-name.js", "npx portcullis"],
  ["in a project", "file:///home/ann/app/node_modules/portcullis/dist/cli/our-name.js", "npx portcullis"],
  ["when npx has fetched it", "file:///home/ann/.npm/_npx/0123/node_modules/portcullis/dist/cli/our-name.js", "npx portcullis"],
  ["from PATH", "file:///usr/local/lib/node_modules/portcullis/dist/cli/our-name.js", "portcullis"],
])("commands are proposed so that they run %s", (_, url, name) => {
  expect(nameOfProgram(url)).toBe(name)
})
