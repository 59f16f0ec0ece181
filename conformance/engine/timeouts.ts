// Every wait of the engine: name, most it may take, and why. Milliseconds.

export const timeouts = {
  /** Until every pattern has had each of its operations acknowledged once: connects take 0.1 s, BullMQ's first job 0.5 s; ten start at once on two cores. */
  steadyMs: 15_000,
  /** Steady state before the fault: enough acknowledged writes (20 ms apart) to compare with. */
  beforeMs: 1000,
  /** After full redundancy: shows that everybody is alive, also the idle consumers. */
  afterMs: 1000,
  /** Until full redundancy after a fault is healed: promised within 30 s after a full outage; twice that is broken. */
  redundantMs: 60_000,
  /** Until a workload has stopped and read its final state: the checks bound theirs to 15 s. */
  stopMs: 25_000,
  /** Between two looks at the roles. */
  rolesEveryMs: 200,
  /** Between two throughput samples. */
  sampleEveryMs: 500,
} as const;
