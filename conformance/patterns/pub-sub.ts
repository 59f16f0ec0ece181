// A subscriber that notices what it missed: messages of `pub-sub-publisher.ts` are numbered and kept in a short log, a heartbeat tells
// silence from deafness, and every gap is repaired from the log. It is not a queue: what left the log is reported and gone.

/** What is needed to read the log; ioredis `Redis` and `Cluster` both fit. */
export interface LogClient {
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
  /** SSUBSCRIBE: true in Cluster, as for the publisher. */
  readonly sharded: boolean;
}

export interface Message {
  readonly id: string;
  readonly sequence: number;
  readonly body: string;
}

const logOf = ({ name }: Channel): string => `${name}:log`;

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
