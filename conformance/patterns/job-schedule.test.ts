// The schedule pattern against a real server: a broken chain is mended, a healthy one is left alone, a slot runs once.

import { expect, test } from "vitest";
import { privateServer } from "../testing/private-server.ts";
import { createClient } from "./connection.ts";
import { jobSchedule, oncePerSlot, slotOf } from "./job-schedule.ts";

for (const topology of ["sentinel", "cluster"] as const)
  test(`on ${topology} a schedule whose next run is lost is mended by one look, and a healthy one is left alone`, async () => {
    await using server = await privateServer(topology);
    const client = createClient(server.connection);
    const plan = jobSchedule({
      name: "ticks",
      prefix: "{t}:p",
      client,
      id: "hourly",
      repeat: { every: 3_600_000 },
      template: { name: "tick", data: {} },
    });
    try {
      await plan.start();
      const [first = ""] = await plan.ahead();
      expect(await plan.reconcile()).toBe("intact");
      expect(await plan.ahead()).toEqual([first]);
      // What a failover in the wrong millisecond leaves: the schedule without its next job.
      for (const kind of ["delayed", "wait", "prioritized"]) await client.del(`{t}:p:ticks:${kind}`);
      await client.del(`{t}:p:ticks:${first}`);
      expect(await plan.ahead()).toEqual([]);
      expect(await plan.reconcile()).toBe("mended");
      expect(await plan.ahead()).toHaveLength(1);
      expect(await plan.reconcile()).toBe("intact");
    } finally {
      await plan.close();
      client.disconnect();
    }
  });

test("a slot is claimed once, and the same delivery may claim it again", async () => {
  await using server = await privateServer("sentinel");
  const client = createClient(server.connection);
  const claim = (token: string) => oncePerSlot(client, { key: "{t}:slot:1", token, keepS: 60 }, async () => token);
  expect(await claim("a")).toBe("a");
  expect(await claim("b")).toBeUndefined();
  expect(await claim("a")).toBe("a");
  client.disconnect();
});

test("the slot is the last part of a scheduled job's id", () => {
  expect(slotOf({ id: "repeat:every:with:colons:1795453645566" })).toBe(1_795_453_645_566);
});
