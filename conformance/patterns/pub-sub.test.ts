// Against a real server, classic and sharded: order, gaps repaired, deafness noticed, re-sends and roll-backs.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { privateServer, type PrivateServer } from "../testing/private-server.ts";
import { createClient, type Client } from "./connection.ts";
import { publisher, type Publisher, type PublisherOptions } from "./pub-sub-publisher.ts";
import { subscriber, type ListeningClient, type Subscriber, type SubscriberOptions } from "./pub-sub.ts";

const channel = (): string => `{p}:${randomUUID()}`;
const numbers = (count: number, from = 1): string[] => Array.from({ length: count }, (_, at) => String(at + from));
const until = async (condition: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 100 && !condition(); tries++) await sleep(20);
};

describe.each(["sentinel", "cluster"] as const)("pub/sub (%s)", (topology) => {
  const sharded = topology === "cluster";
  let server: PrivateServer;
  let client: Client;
  const running: Subscriber[] = [];
  beforeAll(async () => {
    server = await privateServer(topology);
    client = createClient(server.connection);
  });
  afterEach(() => {
    for (const one of running.splice(0)) one.stop();
  });
  afterAll(async () => {
    client.disconnect();
    await server[Symbol.asyncDispose]();
  });

  interface Heard {
    readonly bodies: string[];
    readonly vias: string[];
    readonly losses: (number | undefined)[];
    readonly subscriber: Subscriber;
  }
  async function listen(name: string, more: Partial<SubscriberOptions> = {}): Promise<Heard> {
    const heard = { bodies: [] as string[], vias: [] as string[], losses: [] as (number | undefined)[] };
    const started = await subscriber({
      name,
      sharded,
      reader: client,
      heartbeatMs: 5000,
      connect: () => createClient(server.connection, "subscriber"),
      handle: ({ body }, via) => void (heard.bodies.push(body), heard.vias.push(via)),
      onLoss: (messages) => void heard.losses.push(messages),
      ...more,
    });
    running.push(started);
    return { ...heard, subscriber: started };
  }
  const send = (name: string, more: Partial<PublisherOptions> = {}): Publisher => publisher(client, { name, sharded, ...more });
  /** A message that only the log knows, as if its push had been lost on the way. */
  const unheard = (name: string, sequence: number, id: string): Promise<unknown> =>
    client.xadd(`${name}:log`, `${sequence}-0`, "id", id, "body", id);

  it("hands on every message once and in order, to each subscriber, from the end of the log on", async () => {
    const name = channel();
    await send(name).publish("before");
    const [one, two] = [await listen(name), await listen(name)];
    for (const body of numbers(50)) await send(name).publish(body);
    await until(() => one.bodies.length >= 50 && two.bodies.length >= 50);
    expect(one.bodies).toEqual(numbers(50));
    expect(two.bodies).toEqual(numbers(50));
    expect(new Set(one.vias)).toEqual(new Set(["push"]));
  });

  it("repairs a gap from the log at the next message", async () => {
    const name = channel();
    const heard = await listen(name);
    await send(name).publish("1");
    await unheard(name, 2, "2");
    await send(name).publish("3");
    await until(() => heard.bodies.length >= 3);
    expect(heard.bodies).toEqual(["1", "2", "3"]);
    expect(heard.vias).toEqual(["push", "catch-up", "catch-up"]);
    expect(heard.losses).toEqual([]);
  });

  it("repairs a gap at the next heartbeat when no message follows", async () => {
    const name = channel();
    const heard = await listen(name);
    await unheard(name, 1, "1");
    await send(name).beat();
    await until(() => heard.bodies.length > 0);
    expect(heard.bodies).toEqual(["1"]);
  });

  it("notices that it is deaf within two heartbeats, listens on a new connection, and misses nothing", async () => {
    const name = channel();
    let opened = 0;
    const connect = (): ListeningClient => {
      const listening = createClient(server.connection, "subscriber");
      if (opened++ > 0) return listening;
      const { subscribe, ssubscribe, disconnect } = listening; // the first connection never tells anything
      return {
        on: () => {},
        subscribe: subscribe.bind(listening),
        ssubscribe: ssubscribe.bind(listening),
        disconnect: disconnect.bind(listening),
      };
    };
    const heard = await listen(name, { heartbeatMs: 100, connect });
    const beats = setInterval(() => void send(name).beat(), 100);
    for (const body of numbers(3)) await send(name).publish(body);
    await until(() => opened >= 2 && heard.bodies.length >= 3);
    await sleep(300);
    await send(name).publish("4");
    await until(() => heard.bodies.length >= 4);
    clearInterval(beats);
    expect(heard.bodies).toEqual(numbers(4));
    expect(heard.vias.at(-1)).toBe("push");
    expect(opened).toBe(2);
  });

  it("publishes a message once although it is sent twice with the same id", async () => {
    const name = channel();
    const heard = await listen(name);
    expect(await send(name).publish("a", "id-1")).toBe(1);
    expect(await send(name).publish("b", "id-2")).toBe(2);
    expect(await send(name).publish("a", "id-1")).toBe(1);
    await heard.subscriber.catchUp();
    expect(heard.bodies).toEqual(["a", "b"]);
  });

  it("says how many messages it lost when the log was too short", async () => {
    const name = channel();
    const heard = await listen(name);
    await send(name).publish("1");
    await until(() => heard.bodies.length === 1);
    for (const sequence of [2, 3, 4, 5]) await unheard(name, sequence, String(sequence));
    await client.xtrim(`${name}:log`, "MAXLEN", 2);
    await send(name).publish("6");
    await until(() => heard.bodies.length === 4);
    expect(heard.bodies).toEqual(["1", "4", "5", "6"]);
    expect(heard.losses).toEqual([2]);
  });

  it("notices a log that a failover rolled back, also where the numbers happen to fit", async () => {
    const name = channel();
    const heard = await listen(name);
    for (const body of numbers(3)) await send(name).publish(body);
    await until(() => heard.bodies.length === 3);
    const log = await client.xrange(`${name}:log`, "1-0", "1-0");
    await client.del(`${name}:log`);
    await client.xadd(`${name}:log`, "1-0", ...(log[0]?.[1] ?? []));
    for (const sequence of [2, 3]) await unheard(name, sequence, `new-${sequence}`);
    await send(name).publish("new-4"); // follows 3 by number, but not by name
    await until(() => heard.bodies.length === 6);
    expect(heard.bodies).toEqual(["1", "2", "3", "new-2", "new-3", "new-4"]);
  });

  it("keeps the log bounded in length and in time", async () => {
    const name = channel();
    for (const body of numbers(30)) await send(name, { logLength: 10 }).publish(body);
    expect(await client.xlen(`${name}:log`)).toBe(10);
    expect(await client.pttl(`${name}:log`)).toBeGreaterThan(0);
  });
});
