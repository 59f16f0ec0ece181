// Every user may do its work and nothing else: asked of real servers with ACL DRYRUN, and done for real where that says too little.

import { describe, expect, it } from "vitest";
import { withEngine } from "./deployment-spec.ts";
import { namedSpecs } from "./named-specs.ts";
import { enginesHere, renderedServer } from "./testing/rendered-server.ts";

type Asked = readonly [user: string, command: string];
const commands = (text: string): readonly string[] => text.split(",").map((command) => command.trim().replace(/\s+/g, " "));
const asking = (user: string, text: string): readonly Asked[] => commands(text).map((command) => [user, command] as const);
const without = (text: string, allowed: RegExp): string =>
  commands(text)
    .filter((command) => !allowed.test(command))
    .join(",");

const allowed: readonly Asked[] = [
  ...asking(
    "app",
    `GET k, SET k v, SET k v NX PX 1, DEL k, UNLINK k, EXPIRE k 1, TTL k, MGET a b, SCAN 0, INCRBY k 1, EXISTS k, TYPE k, DUMP k, DBSIZE, COPY a b, SORT k,
    HSET h f v, HSCAN h 0, ZADD z 1 m, ZINCRBY z 1 m, ZRANGE z 0 -1, BZPOPMIN z 1, LPUSH l v, BRPOPLPUSH a b 1, BLMOVE a b LEFT RIGHT 1, SADD s m, PFADD p m,
    XADD x * f v, XREADGROUP GROUP g c STREAMS x >, XACK x g 1-1, XAUTOCLAIM x g c 0 0, XTRIM x MAXLEN 1, BITFIELD b SET u8 0 1, GEOADD g 1 1 m,
    EVAL return 0, EVALSHA abc 0, EVAL_RO return 0, SCRIPT LOAD return, SCRIPT EXISTS abc, FCALL f 0, MULTI, EXEC, DISCARD, WATCH k, UNWATCH, WAIT 1 100,
    PUBLISH c m, SUBSCRIBE c, PSUBSCRIBE c*, SPUBLISH c m, SSUBSCRIBE c, PUBSUB NUMSUB c, TIME, INFO, ROLE, PING, ECHO x, QUIT, HELLO 3, COMMAND, READONLY,
    CLIENT SETNAME x, CLIENT GETNAME, CLIENT ID, CLIENT INFO, CLIENT REPLY ON, CLIENT TRACKING ON,
    CLUSTER SLOTS, CLUSTER SHARDS, CLUSTER NODES, CLUSTER INFO, CLUSTER MYID, CLUSTER KEYSLOT k`,
  ),
  ...asking("replication", "PSYNC ? -1, REPLCONF ACK 1, PING"),
  ...asking("probe", "PING, INFO, ROLE, TIME, DBSIZE, CLUSTER INFO, CLUSTER NODES, CLUSTER MYID, CLIENT NO-EVICT ON, LATENCY LATEST"),
  ...asking(
    "operator",
    `CLIENT PAUSE 1 WRITE, CLIENT UNPAUSE, CLIENT KILL TYPE normal, CLIENT LIST, CONFIG GET maxmemory, CONFIG SET replica-priority 1, CONFIG REWRITE, INFO, ROLE,
    PING, SHUTDOWN, WAIT 1 1, CLUSTER FAILOVER, CLUSTER NODES, CLUSTER SETSLOT 1 STABLE, CLUSTER FORGET x, CLUSTER MEET 127.0.0.1 1, CLUSTER REPLICATE x,
    CLUSTER GETKEYSINSLOT 1 1, REPLICAOF NO ONE, FAILOVER, ACL LOAD, ACL LIST, SCRIPT FLUSH, MIGRATE h 1 k 0 1, BGSAVE, DBSIZE, MEMORY USAGE k, SLOWLOG GET`,
  ),
  ...asking("backup", "PSYNC ? -1, SYNC, REPLCONF rdb-only 1, BGSAVE, LASTSAVE, INFO, PING"),
];

const sentinelMay = asking(
  "sentinel",
  `PING, INFO, ROLE, MULTI, EXEC, SLAVEOF NO ONE, CONFIG REWRITE, CLIENT KILL TYPE normal, CLIENT SETNAME x, SCRIPT KILL, PUBLISH __sentinel__:hello m,
  SUBSCRIBE __sentinel__:hello`,
);

const dangerous = `CONFIG GET dir, CONFIG SET dir x, FLUSHALL, FLUSHDB, DEBUG SLEEP 0, KEYS *, SHUTDOWN, MODULE LOAD x, REPLICAOF NO ONE, SLAVEOF NO ONE, FAILOVER,
  SAVE, BGREWRITEAOF, MONITOR, SWAPDB 0 1, MIGRATE h 1 k 0 1, RESTORE k 0 x, PSYNC ? -1, SYNC, REPLCONF ACK 1, ACL SETUSER x, ACL LIST, CLIENT KILL TYPE normal,
  CLIENT PAUSE 1, CLIENT LIST, CLUSTER FAILOVER, CLUSTER RESET, CLUSTER MEET h 1, CLUSTER FORGET x, CLUSTER SETSLOT 1 STABLE, SCRIPT FLUSH, SCRIPT KILL,
  FUNCTION FLUSH, FUNCTION LOAD x, SLOWLOG GET, LATENCY LATEST`;

const denied: readonly Asked[] = [
  ...asking("app", dangerous),
  ...asking("replication", `${without(dangerous, /^(PSYNC|REPLCONF)/)}, GET k, SET k v, PUBLISH c m, INFO`),
  ...asking("probe", `${without(dangerous, /^(LATENCY)/)}, GET k, SET k v, SCAN 0, EVAL return 0, SUBSCRIBE c`),
  ...asking(
    "operator",
    `SET k v, GET k, FLUSHALL, FLUSHDB, KEYS *, DEBUG SLEEP 0, MODULE LOAD x, ACL SETUSER x, ACL DELUSER x, EVAL return 0, MONITOR, FUNCTION LOAD x, PSYNC ? -1`,
  ),
  ...asking("backup", `${without(dangerous, /^(PSYNC|SYNC|REPLCONF)/)}, GET k, SET k v, EVAL return 0`),
];

const sentinelMayNot = asking(
  "sentinel",
  `GET k, SET k v, CONFIG SET dir x, CONFIG GET dir, FLUSHALL, SHUTDOWN, DEBUG SLEEP 0, EVAL return 0, PUBLISH news m, SUBSCRIBE news, CLIENT LIST, ACL LIST, KEYS *`,
);

describe.each(enginesHere())("users on $name $version", (engine) => {
  it.each(["durable-sentinel", "durable-cluster"] as const)("may do their work, and nothing else, under %s", async (name) => {
    const spec = withEngine(namedSpecs[name], engine.name);
    await using server = await renderedServer(engine, spec);
    const operator = server.as("operator");
    const verdicts = async (asked: readonly Asked[]): Promise<readonly string[]> =>
      Promise.all(
        asked.map(
          async ([user, command]) =>
            `${user}: ${command}: ${(await operator.call("ACL", "DRYRUN", user, ...command.split(" "))) === "OK" ? "allowed" : "denied"}`,
        ),
      );
    const underSentinel = spec.topology.kind === "sentinel";
    const may = [...allowed, ...(underSentinel ? sentinelMay : [])];
    const mayNot = [...denied, ...(underSentinel ? sentinelMayNot : [])];
    expect(await verdicts(may)).toEqual(may.map(([user, command]) => `${user}: ${command}: allowed`));
    expect(await verdicts(mayNot)).toEqual(mayNot.map(([user, command]) => `${user}: ${command}: denied`));
  });

  it("confines the application to its keys and channels", async () => {
    const base = withEngine(namedSpecs["durable-sentinel"], engine.name);
    const spec = { ...base, security: { ...base.security, appKeyPattern: "shop:*", appChannels: "[^_]*" } };
    await using server = await renderedServer(engine, spec);
    const app = server.as("app");
    expect(await app.get("shop:1")).toBeNull();
    await expect(app.get("other:1")).rejects.toThrow("NOPERM");
    expect(await app.publish("news", "m")).toBe(0);
    await expect(app.publish("__sentinel__:hello", "forged")).rejects.toThrow("NOPERM");
  });

  it("refuses whoever shows no password", async () => {
    await using server = await renderedServer(engine, withEngine(namedSpecs["durable-sentinel"], engine.name));
    const nobody = server.anonymous();
    await expect(nobody.ping()).rejects.toThrow("NOAUTH");
    await expect(nobody.call("AUTH", "anything-at-all-here")).rejects.toThrow("WRONGPASS");
  });

  it("lets clients without user names in with the password of app, when the spec asks for it", async () => {
    const base = withEngine(namedSpecs["cache-sentinel"], engine.name);
    const spec = { ...base, security: { ...base.security, defaultUser: "password" as const } };
    await using server = await renderedServer(engine, spec);
    const plain = server.anonymous("test-secret-of-app");
    expect(await plain.ping()).toBe("PONG");
    await expect(plain.flushall()).rejects.toThrow("NOPERM");
    await expect(server.anonymous().ping()).rejects.toThrow("NOAUTH");
  });
});
