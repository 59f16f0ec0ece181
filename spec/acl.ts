// The users of the data nodes and of the Sentinels, each with what its work needs and no more. Passwords appear as `%hash:NAME%`,
// which lifecycle/ replaces by the digest of the secret (two digests while a password is rotated). Pure text.
// Every command named here exists since Redis 7.0: an engine refuses to start on a name it does not know.

import type { DeploymentSpec } from "./deployment-spec.ts";
import { atLeast } from "./engine-version.ts";

/** Each user has a secret file of its own name. */
export const userNames = ["app", "replication", "sentinel", "probe", "operator", "backup"] as const;
export type UserName = (typeof userNames)[number];

const user = (name: string, ...rules: readonly string[]): string =>
  `user ${name} on %hash:${name}% ${rules.filter((rule) => rule !== "").join(" ")}`;
const allow = (...commands: readonly string[]): string => commands.map((command) => `+${command}`).join(" ");

/** What an ordinary client says before and between its commands; `CLIENT KILL` and its like are taken out with @dangerous. */
const conversation = "+@connection -@admin -@dangerous";

const appCommands = [
  "+@read +@write +@pubsub +@transaction +@connection",
  "-@admin -@dangerous -@scripting",
  allow("eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro", "script|load", "script|exists"),
  allow("wait", "time", "info", "role", "sort", "sort_ro"),
  allow("cluster|slots", "cluster|shards", "cluster|nodes", "cluster|info", "cluster|myid", "cluster|keyslot", "cluster|countkeysinslot"),
].join(" ");

/**
 * Where the engine moves slots at once, the other shard's data arrives as commands of user replication and are checked as such
 * (seen on Valkey 9.1.2: NOPERM on SELECT, and the move fails), so it must be able to write. Everywhere else it cannot touch a key.
 */
const replicationCommands = ({ engine, topology }: DeploymentSpec): string =>
  [
    ...(topology.kind === "cluster" && atLeast(engine, { redis: "8.4", valkey: "9.0" })
      ? ["~* &* +@write -@admin -@dangerous", allow("restore", "sort", "select", "multi", "exec", "cluster|syncslots")]
      : []),
    allow("psync", "replconf", "ping"),
  ].join(" ");

/**
 * The documented minimum, with the one channel Sentinels speak on instead of all.
 * COORDINATED (Valkey 9) needs three more commands; without them it waits in silence and nothing moves.
 */
const sentinelCommands = ({ engine }: DeploymentSpec): string =>
  [
    allow("multi", "exec", "ping", "info", "role", "publish", "subscribe", "slaveof", "replicaof"),
    allow("config|rewrite", "client|setname", "client|kill", "script|kill"),
    ...(engine.name === "valkey" ? [allow("failover", "client|pause", "client|unpause")] : []),
  ].join(" ");

const operatorCommands = [
  "+@connection +client +cluster +config +info +role +time +wait +dbsize +command",
  allow("replicaof", "slaveof", "failover", "shutdown", "bgsave", "bgrewriteaof", "lastsave", "latency", "slowlog", "memory"),
  allow("acl|load", "acl|list", "acl|users", "acl|getuser", "acl|whoami", "acl|cat", "acl|dryrun", "acl|log"),
  allow("script|flush", "script|kill", "script|exists", "function|list", "function|stats", "function|kill"),
  // Moving a slot by hand, and comparing what arrived.
  allow("migrate", "restore", "restore-asking", "asking", "dump", "scan", "exists", "type", "ttl", "pttl", "object|encoding"),
].join(" ");

/**
 * Off means that nobody can be it: no password, no connection. Its rights must stay all the same, because Redis 7.0 replays the AOF as
 * this user and drops every MULTI block (each write of a Lua script is one) that it may not run: acknowledged writes gone after a restart.
 */
function defaultUser(spec: DeploymentSpec, rules: string): string {
  return spec.security.defaultUser === "off" ? "user default reset off ~* &* +@all" : `user default reset on %hash:app% ${rules}`;
}

/** users.acl: who may do what on a data node. */
export function usersAcl(spec: DeploymentSpec): string {
  const { appKeyPattern, appChannels } = spec.security;
  const app = `~${appKeyPattern} &${appChannels} ${appCommands}`;
  return [
    defaultUser(spec, app),
    user("app", app),
    user("replication", replicationCommands(spec)),
    ...(spec.topology.kind === "sentinel" ? [user("sentinel", "&__sentinel__:hello", sentinelCommands(spec))] : []),
    user(
      "probe",
      allow(
        "ping",
        "info",
        "role",
        "time",
        "dbsize",
        "lastsave",
        "latency|latest",
        "slowlog|len",
        "client|setname",
        "client|id",
        "client|no-evict",
      ),
      allow("cluster|info", "cluster|nodes", "cluster|shards", "cluster|myid"),
    ),
    user("operator", "~* &*", operatorCommands),
    // --rdb reads the whole data set as a replica would: no key pattern can narrow that.
    user("backup", allow("psync", "sync", "replconf", "ping", "info", "role", "lastsave", "bgsave")),
    "",
  ].join("\n");
}

const ask = (...subcommands: readonly string[]): string => subcommands.map((name) => `+sentinel|${name}`).join(" ");
const whoIsPrimary = ask("get-master-addr-by-name", "masters", "master", "replicas", "slaves", "sentinels", "myid");

/** sentinel-users.acl: who may do what on a Sentinel. Nobody but Sentinels may publish there: a forged hello moves the primary. */
export function sentinelUsersAcl(spec: DeploymentSpec): string {
  const app = `&* ${conversation} +subscribe +psubscribe +unsubscribe +punsubscribe +info +role ${whoIsPrimary}`;
  return [
    defaultUser(spec, app),
    user("app", app),
    user("sentinel", "&__sentinel__:hello +ping +auth +publish +client|setname", ask("is-master-down-by-addr")),
    user("probe", "+ping +info +role +client|setname", whoIsPrimary, ask("ckquorum", "info-cache")),
    user(
      "operator",
      "&* +@connection +client +sentinel +info +role +shutdown +subscribe +psubscribe +unsubscribe +punsubscribe",
      allow("acl|load", "acl|list", "acl|users", "acl|getuser", "acl|whoami", "acl|log"),
    ),
    "",
  ].join("\n");
}
