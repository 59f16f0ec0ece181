// All files of a deployment by name, the same for every node: the left side of the contract with lifecycle/. Pure; writes nothing.

import { sentinelUsersAcl, usersAcl } from "./acl.ts";
import type { DeploymentSpec } from "./deployment-spec.ts";
import { sentinelConfig } from "./sentinel-config.ts";
import { serverConfig } from "./server-config.ts";

export function renderAll(spec: DeploymentSpec): Readonly<Record<string, string>> {
  const data = { "server.conf": serverConfig(spec), "users.acl": usersAcl(spec) };
  if (spec.topology.kind === "cluster") return data;
  return { ...data, "sentinel.conf": sentinelConfig(spec), "sentinel-users.acl": sentinelUsersAcl(spec) };
}
