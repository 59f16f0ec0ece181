// The connection preset: ioredis options for Sentinel and Cluster that ride out a crash and a hang without a rejected call.
// It connects and nothing else: deadlines belong to the caller, because only the caller knows how long an answer is worth waiting for.

import { Cluster, Redis, SentinelConnector, type ClusterOptions, type RedisOptions } from "ioredis";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What a deployment tells its clients. */
export interface Connection {
  readonly topology: "sentinel" | "cluster";
  readonly sentinels: readonly Endpoint[];
  readonly masterName: string;
  readonly nodes: readonly Endpoint[];
  readonly username: string;
  readonly password: string;
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string };
}

/** `requests`: ordinary commands. `blocking`: BullMQ workers, BLPOP. `subscriber`: a connection that only listens. */
export type Purpose = "requests" | "blocking" | "subscriber";

export type Client = Redis | Cluster;

/**
 * ms until the next try: 40 to 120, and up to 1 s after half a minute without success. Never null: a client that gives
 * up is dead for good. Short, because a try costs one refused connect and the outage may end at any moment; spread,
 * because every client of a deployment loses its primary in the same millisecond.
 */
export const retryDelayMs = (times: number): number => 40 + Math.random() * (times > 300 ? 1000 : 80);

/** Replies by which a wrong or unready node says that it did not apply the command: find the primary again, then send it again. */
const notApplied = /^(READONLY|LOADING|MASTERDOWN|UNBLOCKED|NOREPLICAS)/;

/**
 * ioredis leaves the failover detector of a lost connection listening while the next one is being made. When
 * `+switch-master` comes in just then, it aborts that connect, which ends the client for good: status `end`, every call
 * rejected (seen in 2 of 5 failovers here; redis/ioredis#1683 reads like it). Here its news only ends an attempt that is
 * still on its way to the old primary; the next connection brings a detector of its own.
 */
class LastingSentinelConnector extends SentinelConnector {
  override async connect(...told: Parameters<SentinelConnector["connect"]>): ReturnType<SentinelConnector["connect"]> {
    const news = { moved: false };
    const leave = (): void => {
      news.moved = true;
      if (this.stream?.connecting) this.stream.destroy(); // the old primary may be black-holed: no need to wait out connectTimeout
    };
    const detector: unknown = Reflect.get(this, "failoverDetector"); // private, and the only handle there is
    if (detector instanceof Object) Reflect.set(detector, "disconnect", leave);
    const stream = await super.connect(...told);
    if (news.moved && "connecting" in stream && stream.connecting) stream.destroy();
    return stream;
  }

  /** Every refused command asks for the reconnect; once is enough, and 11 listeners on one socket are a warning each. */
  override disconnect(): void {
    if (this.stream?.writableEnded) this.connecting = false;
    else super.disconnect();
  }
}

/** With RESP3 (the default of ioredis 6) some replies change shape; `legacy` keeps those that applications know. */
type LegacyReplies = RedisOptions & { replyMapping: "legacy" };

function shared(connection: Connection, purpose: Purpose): LegacyReplies {
  return {
    replyMapping: "legacy",
    username: connection.username,
    password: connection.password,
    ...(connection.tls ? { tls: { ...connection.tls } } : {}),
    connectTimeout: 2000, // the default of 10 s is spent on every black-holed address
    disconnectTimeout: 100, // a hung server never answers the goodbye; the default waits 2 s before it leaves
    keepAlive: 10_000, // half-open links are found by the OS as well
    enableReadyCheck: true,
    autoResendUnfulfilledCommands: true, // false hangs promises on 6.0.0 (redis/ioredis#2193)
    maxRetriesPerRequest: null, // counts reconnects, not time: the caller's deadline decides
    ...(purpose === "requests" ? { socketTimeout: 3000 } : {}), // a hang becomes a reconnect with resend
  };
}

function sentinelOptions(connection: Connection, purpose: Purpose): LegacyReplies {
  return {
    ...shared(connection, purpose),
    ...(purpose === "blocking" ? { socketTimeout: 15_000 } : {}), // longer than BullMQ's drainDelay
    sentinels: connection.sentinels.map(({ host, port }) => ({ host, port })),
    name: connection.masterName,
    role: "master",
    sentinelUsername: connection.username,
    sentinelPassword: connection.password,
    ...(connection.tls ? { enableTLSForSentinelMode: true, sentinelTLS: { ...connection.tls } } : {}),
    sentinelCommandTimeout: 1000, // one hung Sentinel must not block discovery
    sentinelRetryStrategy: retryDelayMs,
    failoverDetector: true, // leaves the old primary at +switch-master
    Connector: LastingSentinelConnector as new (options: unknown) => LastingSentinelConnector,
    retryStrategy: retryDelayMs,
    reconnectOnError: (error) => (notApplied.test(error.message) ? 2 : false),
  };
}

const slotsRefreshMs = 2500;
const hungRefreshMs = 800;
const hungForMs = 4000; // longer than socketTimeout, so that the next one finds it still on
const quickRetryMs = 50;
const slowRetryMs = 200;
const quickForMs = 700;
const quietMs = 1000; // without an error for so long, the next one begins a new outage

function clusterOptions(connection: Connection, purpose: Purpose): ClusterOptions & { redisOptions: LegacyReplies } {
  return {
    redisOptions: shared(connection, purpose),
    scaleReads: "master",
    // Each turn during an outage (refused, ask another node, MOVED to the dead one) costs two of these and waits once:
    // 1000 / 2 x 200 ms = 100 s, longer than any detection. The default of 16 x 100 ms gives up after 0.8 s.
    maxRedirections: 1000,
    retryDelayOnFailover: quickRetryMs, // and slowRetryMs later
    retryDelayOnClusterDown: quickRetryMs,
    retryDelayOnTryAgain: 100,
    retryDelayOnMoved: 10, // two nodes that name each other must not burn all redirections within a blink
    slotsRefreshInterval: slotsRefreshMs * (0.75 + Math.random() / 2), // off by default since v5: without it a hung primary is never left; spread, because clients start together
    slotsRefreshTimeout: 500, // one of the nodes asked may be the hung one
    clusterRetryStrategy: retryDelayMs,
    shardedSubscribers: purpose === "subscriber",
  };
}

/**
 * ioredis hands NOREPLICAS, READONLY and their like to the caller of a Cluster client (`reconnectOnError` would end the
 * node's connection for good). They mean what CLUSTERDOWN means, wait and ask again, so they take the same road. Asking is
 * frequent at first, when a supervised failover takes 0.1 s, and less so later, for the sake of those who do the failover.
 */
function resendRefused(cluster: Cluster): void {
  const handleError = cluster.handleError.bind(cluster);
  let [sinceMs, lastMs] = [0, 0];
  cluster.handleError = (error, ttl, handlers) => {
    const nowMs = performance.now();
    if (nowMs - lastMs > quietMs) sinceMs = nowMs;
    lastMs = nowMs;
    const delayMs = nowMs - sinceMs < quickForMs ? quickRetryMs : slowRetryMs;
    Object.assign(cluster.options, { retryDelayOnFailover: delayMs, retryDelayOnClusterDown: delayMs });
    handleError(notApplied.test(error.message) ? new Error(`CLUSTERDOWN ${error.message}`) : error, ttl, handlers);
  };
}

/**
 * ioredis re-reads the slot map twice for every retry, at about 10 ms of CPU each (a new connection, 16384 slots): a
 * process with 20 clients is deaf for longer than a supervised failover takes. MOVED tells the new primary anyway, so
 * while the client is in service only the periodic refresh reads the map.
 */
function refreshSparingly(cluster: Cluster): void {
  const refresh = cluster.refreshSlotsCache.bind(cluster);
  const restMs = (cluster.options.slotsRefreshInterval ?? 0) * 0.9; // the periodic refresh always passes
  let lastMs = -Infinity;
  cluster.refreshSlotsCache = (callback) => {
    const nowMs = performance.now();
    if (cluster.status === "ready" && nowMs - lastMs < restMs) return callback?.();
    lastMs = nowMs;
    refresh(callback);
  };
}

/**
 * A node that hangs takes a new connection and says nothing, so a client sits in its handshake for another
 * `socketTimeout` while the new primary is long in office. After a timeout the map is read more often, for a while.
 */
function watchHungNodes(cluster: Cluster): void {
  const refresh = cluster.refreshSlotsCache.bind(cluster);
  let untilMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    timer = undefined;
    if (cluster.status !== "ready" || performance.now() > untilMs) return;
    refresh();
    timer = setTimeout(look, hungRefreshMs * (0.75 + Math.random() / 2));
  };
  cluster.on("node error", (error: Error) => {
    if (!/Socket timeout|ETIMEDOUT/.test(error.message)) return;
    untilMs = performance.now() + hungForMs;
    timer ??= setTimeout(look, hungRefreshMs / 2);
  });
  cluster.on("end", () => clearTimeout(timer));
}

/** What the options of a Cluster client cannot say; it holds for its copies too (BullMQ makes one for blocking reads). */
function tamed(cluster: Cluster, purpose: Purpose): Cluster {
  resendRefused(cluster);
  watchHungNodes(cluster); // before the next line: its own looks are not to be spared
  if (purpose !== "subscriber") refreshSparingly(cluster); // sharded subscriptions move by a refresh and by nothing else
  const duplicate = cluster.duplicate.bind(cluster);
  cluster.duplicate = ((...overrides: Parameters<typeof duplicate>) => tamed(duplicate(...overrides), purpose)) as typeof duplicate;
  return cluster;
}

/** A client that finds the primary again after every fault. Its `error` events are the application's to log; calls keep waiting. */
export function createClient(connection: Connection, purpose: Purpose = "requests"): Client {
  const nodes = connection.nodes.map(({ host, port }) => ({ host, port }));
  const client =
    connection.topology === "cluster"
      ? tamed(new Cluster(nodes, clusterOptions(connection, purpose)), purpose)
      : new Redis(sentinelOptions(connection, purpose));
  client.on("error", () => {}); // without a listener ioredis prints to the console
  return client;
}
