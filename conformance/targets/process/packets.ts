// Dropping packets: cuts one node's address off from every other address of the run's own network namespace, and counts what was
// dropped. Uses nftables, else iptables. Must never run outside a namespace of our own.

import { execFileSync, spawnSync } from "node:child_process";

/** A cut in force. */
export interface Cut {
  /** Packets dropped so far. */
  dropped(): number;
  heal(): void;
}

const has = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args, { stdio: "ignore" }).status === 0;

const because = (why: string | undefined): string => (why === undefined ? "" : ` (${why})`);

/** Why packets cannot be dropped here, in words; undefined when they can. */
export function packetsRefused(): string | undefined {
  if (process.env["HOLDFAST_NETNS"] === undefined)
    return `the run has no network namespace of its own${because(process.env["HOLDFAST_REFUSED"])}`;
  if (has("nft", "list", "ruleset") || has("iptables", "-L", "-n")) return undefined;
  return "neither nft nor iptables works here (install nftables, or run where the kernel has nf_tables)";
}

const nft = (script: string): string => execFileSync("nft", ["-f", "-"], { input: script, encoding: "utf8" });

function cutWithNft(address: string): Cut {
  nft(`table inet holdfast {
    chain cut {
      type filter hook input priority 0; policy accept;
      ip saddr ${address} ip daddr != ${address} counter drop
      ip daddr ${address} ip saddr != ${address} counter drop
    }
  }`);
  return {
    dropped: () =>
      [...execFileSync("nft", ["list", "chain", "inet", "holdfast", "cut"], { encoding: "utf8" }).matchAll(/packets (\d+)/g)].reduce(
        (sum, match) => sum + Number(match[1]),
        0,
      ),
    heal: () => void nft("delete table inet holdfast"),
  };
}

function cutWithIptables(address: string): Cut {
  const rules = [
    ["-s", address, "!", "-d", address],
    ["-d", address, "!", "-s", address],
  ];
  const apply = (action: string): void => {
    for (const rule of rules) execFileSync("iptables", [action, "INPUT", ...rule, "-j", "DROP"], { stdio: "ignore" });
  };
  apply("-A");
  return {
    dropped: () =>
      execFileSync("iptables", ["-L", "INPUT", "-n", "-v", "-x"], { encoding: "utf8" })
        .split("\n")
        .filter((line) => line.includes("DROP"))
        .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[0] ?? 0), 0),
    heal: () => apply("-D"),
  };
}

/** Cuts `address` off in both directions; what stays on the same address (the Sentinel beside its server) still talks. */
export function cutOff(address: string): Cut {
  return has("nft", "list", "ruleset") ? cutWithNft(address) : cutWithIptables(address);
}
