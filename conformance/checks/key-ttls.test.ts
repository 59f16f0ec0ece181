import { expect, test } from "vitest";
import { createClient } from "../patterns/connection.ts";
import { privateServer } from "../testing/private-server.ts";
import { keyTtls } from "./key-ttls.ts";

test.each(["sentinel", "cluster"] as const)("names the keys of one workload that have no TTL on %s", async (topology) => {
  await using server = await privateServer(topology);
  const client = createClient(server.connection);
  await client.set("{a}:mine:1", "x", "EX", 60);
  await client.set("{a}:mine:2", "x");
  await client.set("{a}:other", "x");
  expect(await keyTtls(client, "{a}:mine")).toEqual({ keys: 2, endless: ["{a}:mine:2"] });
  client.disconnect();
});
