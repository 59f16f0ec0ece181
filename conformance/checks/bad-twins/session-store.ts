// The naive session store: the id is the key, every save is a plain SET with a TTL, a logout is a DEL. The article's createSession
// does the same. A slow request that saves after the logout brings the session back, and nothing waits for a replica.

import { randomUUID } from "node:crypto";
import type { Client } from "../../patterns/connection.ts";
import type { Session, SessionStore } from "../../patterns/session-store.ts";

export function createNaiveSessionStore<T>(client: Client, prefix: string): SessionStore<T> {
  const ttlS = 7 * 24 * 60 * 60;
  const keyOf = (id: string): string => `${prefix}:naive-session:${id}`;
  const save = async (id: string, userId: string, data: T): Promise<void> => {
    await client.setex(keyOf(id), ttlS, JSON.stringify({ version: 1, userId, data }));
  };
  const store: SessionStore<T> = {
    async create(userId, data) {
      const id = randomUUID();
      await save(id, userId, data);
      return id;
    },
    async createAs(id, userId, data) {
      await save(id, userId, data);
      return true;
    },
    async read(id) {
      const text = await client.get(keyOf(id));
      return text === null ? undefined : (JSON.parse(text) as Session<T>);
    },
    async update(id, { userId, data }) {
      await save(id, userId, data);
      return "updated";
    },
    async destroy(id) {
      await client.del(keyOf(id));
    },
    regenerate: async (id) => id, // fixation: the id from before the login stays
    logOutEverywhere: async () => {}, // there is no index of a user's sessions
  };
  return Object.freeze(store);
}
