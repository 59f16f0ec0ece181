// Naive publish and subscribe: no number, no log, no heartbeat. Whatever is published while the subscriber reconnects is gone, and
// neither side can know.

import type { Client } from "../../patterns/connection.ts";
import type { Publisher } from "../../patterns/pub-sub-publisher.ts";
import type { ListeningClient, Subscriber, SubscriberOptions } from "../../patterns/pub-sub.ts";

const reconnectMs = 100; // the article's first retry

export function naivePublisher(client: Client, name: string, sharded: boolean): Publisher {
  return {
    async publish(body) {
      await (sharded ? client.spublish(name, body) : client.publish(name, body)); // how many heard it is not looked at
      return 0;
    },
    beat: async () => {},
  };
}

export async function naiveSubscriber({ name, sharded, connect, handle }: SubscriberOptions): Promise<Subscriber> {
  let stopped = false;
  let current: ListeningClient | undefined;
  const listen = async (): Promise<void> => {
    if (stopped) return;
    current = connect();
    current.on(sharded ? "smessage" : "message", (_channel, body) => void handle({ id: body, sequence: 0, body }, "push"));
    await (sharded ? current.ssubscribe(name) : current.subscribe(name));
  };
  await listen();
  return {
    catchUp: async () => {},
    renew() {
      current?.disconnect();
      setTimeout(() => void listen().catch(() => {}), reconnectMs);
    },
    stop() {
      stopped = true;
      current?.disconnect();
    },
  };
}
