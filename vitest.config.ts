// Tests stand beside the files. Real servers share two cores, so one file at a time (gaps are measured) and generous deadlines.

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["spec/**/*.test.ts", "lifecycle/**/*.test.ts", "conformance/**/*.test.ts", "docs/**/*.test.ts", "*.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
