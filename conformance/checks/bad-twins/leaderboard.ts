// The naive leaderboard: one ZINCRBY per event and rank by place. A re-sent event counts twice, and ties go to the member's bytes.

import type { Client } from "../../patterns/connection.ts";
import type { Leaderboard, Standing } from "../../patterns/leaderboard.ts";

export function naiveLeaderboard(client: Client, key: string): Leaderboard {
  const page = async (from: number, to: number): Promise<readonly Standing[]> => {
    const flat = await client.zrevrange(key, from, to, "WITHSCORES");
    return Array.from({ length: flat.length / 2 }, (_, at) => ({
      member: flat[at * 2] ?? "",
      score: Number(flat[at * 2 + 1]),
      rank: from + at + 1,
      position: from + at + 1,
    }));
  };
  const place = (member: string): Promise<number | null> => client.zrevrank(key, member);
  return {
    award: async ({ member, points }) => ({ applied: true, score: Number(await client.zincrby(key, points, member)) }),
    top: (count) => page(0, count - 1),
    async standing(member) {
      const at = await place(member);
      return at === null ? undefined : (await page(at, at))[0];
    },
    async around(member, radius) {
      const at = await place(member);
      return at === null ? [] : page(Math.max(0, at - radius), at + radius);
    },
  };
}
