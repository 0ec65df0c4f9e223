import { memorySource } from "../../src/source/index.js"
import { describeSource } from "./source.contract.js"

describeSource(
  "memorySource",
  async () => {
    const source = memorySource()
    return {
      source,
      async write(changes) {
        for (const { op, binding } of changes) source[op](binding)
      },
      cleanUp: async () => undefined,
    }
  },
  ["hold invalid data"],
)
