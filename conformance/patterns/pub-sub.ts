// Publish and subscribe that notices what it missed: messages are numbered and kept in a short log, a heartbeat tells silence from
// deafness, and the subscriber repairs every gap by reading the log. It is not a queue: what left the log is reported and gone.

import { createHash, randomUUID } from "node:crypto";

/** What is needed of the client that publishes and reads; ioredis `Redis` and `Cluster` both fit. */
export interface LogClient {
  evalsha(sha: string, keyCount: number, ...args: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...args: string[]): Promise<unknown>;
  xrange(key: string, start: string, end: string): Promise<[id: string, fields: string[]][]>;
}

/** A connection that only listens. In Cluster with `shardedSubscribers: true`. */
export interface ListeningClient {
  on(event: string, listener: (channel: string, text: string) => void): unknown;
  subscribe(channel: string): Promise<unknown>;
  ssubscribe(channel: string): Promise<unknown>;
  disconnect(): void;
}

export interface Channel {
  /** With a hash tag, e.g. `{orders}:news`; the log is `<name>:log`, in the same slot. */
  readonly name: string;
  /** SPUBLISH and SSUBSCRIBE: true in Cluster, where plain PUBLISH goes to every node. */
  readonly sharded: boolean;
}

export interface Message {
  readonly id: string;
  readonly sequence: number;
  readonly body: string;
}

export interface PublisherOptions extends Channel {
  /** Messages that a subscriber can still catch up on. */
  readonly logLength?: number;
  /** How long the log outlives its last message or heartbeat. */
  readonly logTtlMs?: number;
  /** How long `publish` keeps trying while the server refuses or cannot be reached. */
  readonly deadlineMs?: number;
}

export interface Publisher {
  /** Resolves to the message's number. The same id sent again within the last 16 messages is not published again. */
  publish(body: string, id?: string): Promise<number>;
  /** Tells every subscriber how far the log goes. */
  beat(): Promise<void>;
}

/** Numbers, keeps, and publishes in one step. A message names the one before it, so that a log rolled back by a failover shows. */
const publishScript = `
local latest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 16)
for _, entry in ipairs(latest) do
  if entry[2][2] == ARGV[3] then return tonumber(string.match(entry[1], '^%d+')) end
end
local sequence, before = 1, ''
if latest[1] then sequence, before = tonumber(string.match(latest[1][1], '^%d+')) + 1, latest[1][2][2] end
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[5], string.format('%.0f-0', sequence), 'id', ARGV[3], 'body', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call(ARGV[1], ARGV[2], cjson.encode({sequence, ARGV[3], before, ARGV[4]}))
return sequence`;

const beatScript = `
local latest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
redis.pcall('PEXPIRE', KEYS[1], ARGV[3])
local sequence, id = 0, ''
if latest then sequence, id = tonumber(string.match(latest[1], '^%d+')), latest[2][2] end
return redis.call(ARGV[1], ARGV[2], cjson.encode({sequence, id}))`;

const shaOf = new Map([publishScript, beatScript].map((text) => [text, createHash("sha1").update(text).digest("hex")]));

async function run(client: LogClient, script: string, args: readonly string[]): Promise<unknown> {
  try {
    return await client.evalsha(shaOf.get(script) ?? "", 1, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return client.eval(script, 1, ...args);
  }
}

/** Refusals that trying again does not change. Everything else may be tried again, because subscribers know ids. */
const final = /^(ERR|OOM|WRONGTYPE|NOPERM|NOAUTH|WRONGPASS|CROSSSLOT)/;

async function untilAnswered<T>(deadlineMs: number, call: () => Promise<T>): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 200)) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Error) || final.test(error.message) || performance.now() + pauseMs > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

const logOf = ({ name }: Channel): string => `${name}:log`;

export function publisher(client: LogClient, options: PublisherOptions): Publisher {
  const { name, sharded, logLength = 1000, logTtlMs = 3_600_000, deadlineMs = 30_000 } = options;
  const target = [logOf(options), sharded ? "SPUBLISH" : "PUBLISH", name];
  return {
    publish: async (body, id = randomUUID()) =>
      Number(await untilAnswered(deadlineMs, () => run(client, publishScript, [...target, id, body, String(logLength), String(logTtlMs)]))),
    beat: async () => void (await run(client, beatScript, [...target, String(logTtlMs)])),
  };
}

export interface SubscriberOptions extends Channel {
  /** Opens a listening connection; called again whenever the last one seems deaf. */
  readonly connect: () => ListeningClient;
  /** For reading the log; not the listening connection. */
  readonly reader: LogClient;
  /** The period at which the publisher beats. Twice that much silence means deaf. */
  readonly heartbeatMs: number;
  /** Called once per message, in order, never two at once. */
  readonly handle: (message: Message, via: "push" | "catch-up") => void | Promise<void>;
  /** Messages had left the log before they could be read; undefined when it cannot be said how many. */
  readonly onLoss?: (messages: number | undefined) => void;
  /** An error of `handle` or of reading the log. The next heartbeat tries the log again. */
  readonly onError?: (error: unknown) => void;
}

export interface Subscriber {
  /** Reads the log now; resolves when everything in it has been handled. */
  catchUp(): Promise<void>;
  /** Replaces the listening connection, as the watchdog does. */
  renew(): void;
  stop(): void;
}

const seenMax = 2000; // ids remembered against re-delivery: more than the log holds
const patienceMs = { first: 1000, most: 10_000 }; // a new connection needs time before it can be called deaf as well

/** What has been handled: where the log stood, and the ids of the last messages. */
interface Position {
  sequence: number;
  id: string;
  readonly seen: Set<string>;
}

async function deliver(
  position: Position,
  options: SubscriberOptions,
  { message, via }: { message: Message; via: "push" | "catch-up" },
): Promise<void> {
  position.sequence = message.sequence;
  position.id = message.id;
  if (position.seen.has(message.id)) return;
  position.seen.add(message.id);
  for (const oldest of position.seen) if (position.seen.size > seenMax) position.seen.delete(oldest);
  try {
    await options.handle(message, via);
  } catch (error) {
    options.onError?.(error);
  }
}

const messageOf = ([entry, fields]: [string, string[]]): Message => ({
  id: fields[1] ?? "",
  sequence: Number.parseInt(entry, 10),
  body: fields[3] ?? "",
});

/** Everything in the log after the position. Where the position is not in the log, the log was trimmed, rolled back, or began anew. */
async function readLog(position: Position, options: SubscriberOptions): Promise<void> {
  const { reader, onLoss } = options;
  const log = logOf(options);
  let messages = (await reader.xrange(log, `${position.sequence}-0`, "+")).map(messageOf);
  if (messages[0]?.id !== position.id) {
    messages = (await reader.xrange(log, "-", "+")).map(messageOf);
    const first = messages[0]?.sequence ?? 0;
    if (first > position.sequence + 1) onLoss?.(first - position.sequence - 1);
    else if (first > 0 && position.sequence > 0 && !messages.some(({ id }) => position.seen.has(id))) onLoss?.(undefined);
  }
  for (const message of messages) await deliver(position, options, { message, via: "catch-up" });
}

type Frame = readonly [sequence: number, id: string, before?: string, body?: string];

/** One pushed frame, a message or a heartbeat: handled when it follows, ignored when known, else a reason to read the log. */
async function hear(frame: Frame, position: Position, options: SubscriberOptions): Promise<void> {
  const [sequence, id, before, body] = frame;
  if (id === position.id || (position.seen.has(id) && sequence <= position.sequence)) return;
  if (body !== undefined && before === position.id && sequence === position.sequence + 1)
    return deliver(position, options, { message: { id, sequence, body }, via: "push" });
  if (id !== "") await readLog(position, options);
}

/** One task after the other, whatever becomes of each. */
function serial(onError: (error: unknown) => void): { readonly waiting: () => number; run(task: () => Promise<void>): Promise<void> } {
  let [last, waiting] = [Promise.resolve(), 0];
  return {
    waiting: () => waiting,
    run(task) {
      waiting++;
      last = last
        .then(task)
        .catch(onError)
        .finally(() => void waiting--);
      return last;
    },
  };
}

/** Starts at the end of the log: earlier messages are not delivered. */
export async function subscriber(options: SubscriberOptions): Promise<Subscriber> {
  const { name, sharded, connect, reader, heartbeatMs, onError = () => {} } = options;
  const position: Position = { sequence: 0, id: "", seen: new Set() };
  const tasks = serial(onError);
  let heardMs = performance.now();
  let patience = patienceMs.first;
  let renewFromMs = 0;
  let current: ListeningClient | undefined;
  const catchUp = (): Promise<void> => tasks.run(() => readLog(position, options));
  const listen = async (): Promise<void> => {
    const client = connect();
    current = client;
    client.on(sharded ? "smessage" : "message", (_channel, text) => {
      if (current !== client) return;
      heardMs = performance.now();
      patience = patienceMs.first;
      void tasks.run(() => hear(JSON.parse(text) as Frame, position, options));
    });
    await (sharded ? client.ssubscribe(name) : client.subscribe(name));
  };
  const renew = (): void => {
    renewFromMs = performance.now() + patience;
    patience = Math.min(patience * 2, patienceMs.most);
    current?.disconnect();
    listen().then(catchUp).catch(onError);
  };
  await listen();
  await tasks.run(async () => {
    const tip = (await reader.xrange(logOf(options), "-", "+")).map(messageOf).at(-1);
    if (tip) Object.assign(position, { sequence: tip.sequence, id: tip.id }).seen.add(tip.id);
  });
  const watchdog = setInterval(() => {
    const silentMs = performance.now() - heardMs;
    if (silentMs > 1.5 * heartbeatMs && tasks.waiting() === 0) void catchUp();
    if (silentMs > 2 * heartbeatMs && performance.now() > renewFromMs) renew();
  }, heartbeatMs / 2);
  const stop = (): void => {
    clearInterval(watchdog);
    current?.disconnect();
    current = undefined;
  };
  return { catchUp, renew, stop };
}
