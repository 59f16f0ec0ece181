// What must hold of sessions: a destroyed one never comes back, an acknowledged one is not lost, nobody reads another's. Pure.
//
// create  value {user}          ok: created
// read    -                     ok {user, seq} or null
// update  value {seq}           ok "updated" | "conflict" | "gone" | "other-user"
// destroy -                     ok: gone, and on a replica
// final   {user, seq} or null   one note per session at the end

import type { Violation } from "./finding.ts";
import { calls, type Call, type History, type HistoryEvent } from "./history.ts";
import { evidenceOf } from "./ledger.ts";

export interface SessionSeen {
  readonly user: string;
  readonly seq: number;
}

export interface SessionJudgement {
  readonly violations: readonly Violation[];
  readonly lost: readonly Call[];
  readonly late: readonly Call[];
  /** Sessions that were created or tried, without a final read. */
  readonly unread: number;
  /** Reads that found no session although it was there before and after: a user sent to the login page. */
  readonly missedReads: number;
}

const settledNs = 1_000_000_000n; // a session this much older than the fault had every chance to reach the replicas

const seen = (event: HistoryEvent | undefined): SessionSeen | undefined =>
  typeof event?.value === "object" && event.value !== null ? (event.value as SessionSeen) : undefined;

interface Life {
  readonly create?: Call;
  readonly all: readonly Call[];
  readonly final?: HistoryEvent;
}

function livesOf(history: History): readonly Life[] {
  const finals = new Map(history.filter((event) => event.op === "final").map((event) => [event.key, event]));
  const byKey = Map.groupBy(
    calls(history).filter((call) => ["create", "read", "update", "destroy"].includes(call.invoke.op)),
    (call) => call.invoke.key,
  );
  return [...byKey].map(([key, all]) => {
    const create = all.find((call) => call.invoke.op === "create");
    const final = finals.get(key);
    return { all, ...(create ? { create } : {}), ...(final ? { final } : {}) };
  });
}

/** Everything that showed the session after its logout was acknowledged. */
function resurrections({ all, final }: Life): readonly HistoryEvent[] {
  const destroyed = all.find((call) => call.invoke.op === "destroy" && call.result === "ok")?.outcome;
  if (!destroyed) return [];
  const reads = all.filter((call) => call.invoke.op === "read" && call.invoke.atNs > destroyed.atNs && seen(call.outcome));
  return [...reads.flatMap((call) => call.outcome ?? []), ...(seen(final) ? [final].flatMap((event) => event ?? []) : [])];
}

function strangers({ create, all, final }: Life): readonly HistoryEvent[] {
  const user = (create?.invoke.value as { user?: string } | undefined)?.user;
  const shown = [...all.filter((call) => call.invoke.op === "read").map((call) => call.outcome), final];
  return shown.flatMap((event) => (event && seen(event) && seen(event)?.user !== user ? [event] : []));
}

const seqOf = (call: Call): number => (call.invoke.value as { seq: number }).seq;
const touched = ({ all }: Life): boolean => all.some((call) => call.invoke.op === "destroy");

/** Acknowledged creates and updates that the final state does not show. Sessions with a logout, even an unknown one, are not owed. */
function lostIn(life: Life): readonly Call[] {
  if (!life.final || touched(life)) return [];
  const final = seen(life.final);
  const effects = life.all.filter((call) => call.result === "ok" && (call.invoke.op === "create" || call.outcome?.value === "updated"));
  if (!final) return effects;
  return effects.filter((call) => call.invoke.op === "update" && seqOf(call) > final.seq);
}

/** Unknown or failed creates and updates that the final state does show. */
function lateIn({ all, final }: Life): readonly Call[] {
  const last = seen(final);
  if (!last) return [];
  return all.filter(
    (call) => call.result !== "ok" && (call.invoke.op === "create" || (call.invoke.op === "update" && seqOf(call) === last.seq)),
  );
}

function missedIn(life: Life): number {
  const createdNs = life.create?.outcome?.atNs;
  if (life.create?.result !== "ok" || createdNs === undefined || touched(life) || !seen(life.final)) return 0;
  return life.all.filter(
    ({ invoke, result, outcome }) => invoke.op === "read" && invoke.atNs > createdNs && result === "ok" && !seen(outcome),
  ).length;
}

const violation = (what: string, evidence: readonly number[]): readonly Violation[] => (evidence.length > 0 ? [{ what, evidence }] : []);
const indexes = (events: readonly HistoryEvent[]): readonly number[] => events.map((event) => event.index).slice(0, 20);

/** Judges every session's life. `injectedAtNs`: when the fault came. */
export function judgeSessions(history: History, injectedAtNs: bigint): SessionJudgement {
  const lives = livesOf(history);
  const back = lives.flatMap(resurrections);
  const foreign = lives.flatMap(strangers);
  const lost = lives.flatMap(lostIn);
  const old = lost.filter((call) => (call.outcome?.atNs ?? 0n) < injectedAtNs - settledNs);
  return {
    violations: [
      ...violation(`${back.length} reads found a session after its logout was acknowledged`, indexes(back)),
      ...violation(`${foreign.length} reads returned another user's session`, indexes(foreign)),
      ...violation(`${old.length} writes of sessions acknowledged more than 1 s before the fault are lost`, evidenceOf(old)),
    ],
    lost,
    late: lives.flatMap(lateIn),
    unread: lives.filter((life) => life.create && !life.final).length,
    missedReads: lives.reduce((sum, life) => sum + missedIn(life), 0),
  };
}
