// Tests stand beside the files. Real servers share two cores, so few workers and generous deadlines.

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["spec/**/*.test.ts", "lifecycle/**/*.test.ts", "conformance/**/*.test.ts", "docs/**/*.test.ts", "*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
