import { defineConfig } from "vitest/config"

const minutes = 60_000

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts", "test/architecture/**/*.test.ts"], testTimeout: minutes / 2 } },
      {
        test: {
          name: "integration",
          include: ["test/contract/**/*.test.ts", "test/integration/**/*.test.ts"],
          testTimeout: minutes,
          hookTimeout: minutes,
        },
      },
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
