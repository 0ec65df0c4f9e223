import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

const minutes = 60_000
/** Vitest leaves one core idle. Tests wait for processes and timers, so that two workers fill two cores. */
const maxWorkers = Math.max(2, availableParallelism() - 1)
/** What they measure depends on what else runs: one at a time, after all others. */
const alone = ["test/integration/bundle-waiters.test.ts", "test/integration/memory.test.ts"]

export default defineConfig({
  test: {
    maxWorkers,
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts", "test/architecture/**/*.test.ts"], testTimeout: minutes / 2 } },
      {
        test: {
          name: "integration",
          include: ["test/contract/**/*.test.ts", "test/integration/**/*.test.ts"],
          exclude: alone,
          testTimeout: minutes,
          hookTimeout: minutes,
        },
      },
      { test: { name: "alone", include: alone, maxWorkers: 1, testTimeout: minutes } },
      {
        test: {
          name: "differential",
          include: ["test/differential/**/*.test.ts"],
          exclude: ["test/differential/**/*.real.test.ts"],
          testTimeout: 20 * minutes,
          hookTimeout: 5 * minutes,
        },
      },
      {
        test: {
          name: "real",
          include: ["test/real/**/*.test.ts", "test/conformance/**/*.test.ts", "test/**/*.real.test.ts"],
          testTimeout: 10 * minutes,
          hookTimeout: 5 * minutes,
        },
      },
    ],
    coverage: { provider: "v8", include: ["src/**/*.ts"], reporter: ["text-summary", "json-summary"], thresholds: { lines: 90 } },
  },
})
