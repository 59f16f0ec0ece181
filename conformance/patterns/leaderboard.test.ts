// Against a real server, in both topologies: counted once, ties, ranks against a model, TTLs.

import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { privateServer, type PrivateServer } from "../testing/private-server.ts";
import { createClient, type Client } from "./connection.ts";
import { leaderboard, scoreMax, type Leaderboard, type LeaderboardOptions } from "./leaderboard.ts";

describe.each(["sentinel", "cluster"] as const)("leaderboard (%s)", (topology) => {
  let server: PrivateServer;
  let client: Client;
  const keys: string[] = [];
  beforeAll(async () => {
    server = await privateServer(topology);
    client = createClient(server.connection);
  });
  afterAll(async () => {
    client.disconnect();
    await server[Symbol.asyncDispose]();
  });
  const board = (more: Partial<LeaderboardOptions> = {}): Leaderboard => {
    const key = `{b}:${randomUUID()}`;
    keys.push(key);
    return leaderboard(client, { key, seasonStartMs: Date.now() - 1000, expireAtMs: Date.now() + 60_000, ...more });
  };

  it("counts an event once however often it is sent, and answers a re-send with the score it led to", async () => {
    const scores = board();
    expect(await scores.award({ event: "e1", member: "ann", points: 3 })).toEqual({ applied: true, score: 3 });
    expect(await scores.award({ event: "e2", member: "ann", points: 2 })).toEqual({ applied: true, score: 5 });
    expect(await scores.award({ event: "e1", member: "ann", points: 3 })).toEqual({ applied: false, score: 3 });
    expect((await scores.standing("ann"))?.score).toBe(5);
    expect(await scores.standing("nobody")).toBeUndefined();
  });

  it("gives a tie to whoever reached the score first, with one competition rank for both", async () => {
    const scores = board({ tickMs: 1 });
    for (const [event, member, points] of [
      ["1", "zoe", 5],
      ["2", "ann", 2],
      ["3", "ann", 3],
      ["4", "bob", 1],
    ] as const) {
      await scores.award({ event, member, points });
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    expect(await scores.top(10)).toEqual([
      { member: "zoe", score: 5, rank: 1, position: 1 },
      { member: "ann", score: 5, rank: 1, position: 2 },
      { member: "bob", score: 1, rank: 3, position: 3 },
    ]);
    expect(await scores.around("ann", 1)).toEqual(await scores.top(3));
    expect(await scores.standing("bob")).toEqual({ member: "bob", score: 1, rank: 3, position: 3 });
  });

  it("stays exact at the largest score, refuses one more, and leaves a TTL on the board and on the event", async () => {
    const scores = board();
    await scores.award({ event: "max", member: "top", points: scoreMax });
    await scores.award({ event: "next", member: "almost", points: scoreMax - 1 });
    await expect(scores.award({ event: "more", member: "top", points: 1 })).rejects.toThrow(/SCORERANGE/);
    await expect(scores.award({ event: "less", member: "almost", points: -scoreMax })).rejects.toThrow(/SCORERANGE/);
    expect((await scores.top(2)).map(({ score }) => score)).toEqual([scoreMax, scoreMax - 1]);
    const key = keys.at(-1) ?? "";
    expect(await client.pttl(key)).toBeGreaterThan(0);
    expect(await client.pttl(`${key}:event:max`)).toBeGreaterThan(0);
    expect(await client.exists(`${key}:event:more`)).toBe(0);
  });

  it("ranks as a model does, with ties, on random awards (property)", async () => {
    const award = fc.record({ member: fc.constantFrom("a", "b", "c", "d", "e", "f"), points: fc.integer({ min: 0, max: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(award, { minLength: 1, maxLength: 25 }), async (awards) => {
        const scores = board({ seasonStartMs: Date.now() + 60_000 }); // before the season every tick is 0: ties go to the member's bytes
        const model = new Map<string, number>();
        for (const [at, { member, points }] of awards.entries()) {
          model.set(member, (model.get(member) ?? 0) + points);
          await scores.award({ event: String(at), member, points });
        }
        const order = [...model].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
        const expected = order.map(([member, score], at) => ({
          member,
          score,
          position: at + 1,
          rank: order.filter(([, other]) => other > score).length + 1,
        }));
        expect(await scores.top(10)).toEqual(expected);
        for (const one of expected) expect(await scores.standing(one.member)).toEqual(one);
      }),
      { numRuns: 25 },
    );
  });
});
