// Every wait of the process target: name, most it may take, and why. Milliseconds.

export const timeouts = {
  /** A probe of one node: loopback answers in well under 1 ms; a node silent for longer counts as unreachable. */
  probeMs: 300,
  /** Between two looks at the topology: short against the shortest budget (0.3 s). */
  pollMs: 40,
  /** Until a new deployment is fully redundant: the promise is 1 s and 3 s, the rest is a slow machine's. */
  upMs: 30_000,
  /** From SIGTERM to the exit of a node: hand-over and stop have HOLDFAST_GRACE_S of 25 s. */
  stopMs: 30_000,
  /** Until a fault's effect is seen beyond detection: election, promotion, and client rediscovery take 1 to 2 s (performance.md 1.1). */
  effectMs: 12_000,
  /** Until everybody is back after a full outage (promise: 30 s) with as much again before we call it broken. */
  outageMs: 60_000,
  /** How long a hang outlasts the promotion: the Sentinels name the new primary up to 1 s after it was promoted (they poll INFO once a second). */
  hangBeyondMs: 3000,
  /** How long a replaced node stays away, as an orchestrator needs to start it again. */
  replaceMs: 1000,
} as const;
