// Judges a leaderboard: every total equals its acknowledged events, and the order and ranks shown follow from the scores. Pure.

import type { Violation } from "./finding.ts";
import type { Call, History } from "./history.ts";
import { evidenceOf } from "./ledger.ts";
import { totals, type Totals } from "./totals.ts";

/** What the final read of one board showed, from the top. */
export interface BoardEntry {
  readonly member: string;
  readonly score: number;
  readonly rank: number;
  readonly position: number;
}

/** What an award call carries as its value; each is worth one point. */
export interface AwardValue {
  readonly event: string;
  readonly member: string;
}

const totalOf = (key: string, member: string): string => `${key} ${member}`;

/** Members whose place, rank or neighbour contradicts the scores. */
function misplaced(entries: readonly BoardEntry[]): readonly string[] {
  return entries
    .filter((entry, at) => {
      const rank = entries.filter((other) => other.score > entry.score).length + 1;
      const next = entries[at + 1];
      return entry.position !== at + 1 || entry.rank !== rank || (next !== undefined && next.score > entry.score);
    })
    .map((entry) => entry.member);
}

export interface LeaderboardJudgement {
  readonly totals: Totals;
  readonly violations: readonly Violation[];
}

export function judgeLeaderboard(history: History): LeaderboardJudgement {
  const finals = history.filter((event) => event.op === "final");
  const boards = new Set(finals.map((event) => event.key));
  const scores = new Map<string, number>();
  for (const { key, value } of finals)
    for (const { member, score } of value as readonly BoardEntry[]) scores.set(totalOf(key, member), score);
  const counted = totals(history, {
    ops: ["award", "resend"],
    of: ({ invoke }: Call) => {
      const { event, member } = invoke.value as AwardValue;
      return { event, total: totalOf(invoke.key, member) };
    },
    found: (total) => scores.get(total) ?? (boards.has(total.slice(0, total.lastIndexOf(" "))) ? 0 : undefined),
  });
  const violations: Violation[] = [];
  if (counted.duplicateOps > 0)
    violations.push({ what: `${counted.duplicateOps} awards were counted more than once`, evidence: evidenceOf(counted.surplus) });
  for (const final of finals) {
    const wrong = misplaced(final.value as readonly BoardEntry[]);
    if (wrong.length > 0) violations.push({ what: `rank does not follow from score for ${wrong.join(", ")}`, evidence: [final.index] });
  }
  return { totals: counted, violations };
}
