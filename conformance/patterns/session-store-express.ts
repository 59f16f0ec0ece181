// A session store for express-session on top of a session pattern. A slow request cannot undo a logout, a login must regenerate the
// id, and a store that does not answer makes the request fail with 503. It keeps no list of sessions: `all`, `length`, and `clear` are not offered.

import type { Request } from "express";
import session, { type Session, type SessionData } from "express-session";

/** What it needs of a store; createSessionStore gives it. */
export interface SessionBackend {
  createAs(id: string, userId: string, data: SessionData): Promise<boolean>;
  read(id: string): Promise<{ readonly userId: string; readonly data: SessionData } | undefined>;
  update(id: string, next: { readonly userId: string; readonly data: SessionData }): Promise<string>;
  destroy(id: string): Promise<void>;
}

type Done = (error?: unknown) => void;

/** Calls back once, outside the promise, so that an error thrown by the callback is not taken for the store's. */
function settle(work: Promise<void>, done: Done | undefined): void {
  work.then(
    () => setImmediate(() => done?.()),
    (error: unknown) => setImmediate(() => done?.(error)),
  );
}

class ExpressSessionStore extends session.Store {
  readonly #backend: SessionBackend;
  readonly #userOf: (data: SessionData) => string;
  /** Sessions that came from the store. Only others may be created: an update of a session that is gone must stay an update. */
  readonly #stored = new WeakSet<SessionData>();

  constructor(backend: SessionBackend, userOf: (data: SessionData) => string) {
    super();
    this.#backend = backend;
    this.#userOf = userOf;
  }

  override createSession(request: Request, data: SessionData): Session & SessionData {
    const created = super.createSession(request, data);
    this.#stored.add(created);
    return created;
  }

  override get(id: string, done: (error: unknown, data?: SessionData | null) => void): void {
    let found: SessionData | null = null;
    const read = this.#backend.read(id).then((stored) => void (found = stored?.data ?? null));
    settle(read, (error) => (error === undefined ? done(null, found) : done(error)));
  }

  override set(id: string, data: SessionData, done?: Done): void {
    settle(this.#stored.has(data) ? this.#update(id, data) : this.#create(id, data), done);
  }

  override destroy(id: string, done?: Done): void {
    settle(this.#backend.destroy(id), done);
  }

  /** Nothing to do: reading has moved the idle clock, at most once per tenth of it. */
  override touch(_id: string, _data: SessionData, done?: Done): void {
    done?.();
  }

  async #create(id: string, data: SessionData): Promise<void> {
    if (!(await this.#backend.createAs(id, this.#userOf(data), data))) throw new Error("this session id is taken; regenerate it");
    this.#stored.add(data);
  }

  /** A session that is gone stays gone, without an error: the request that loaded it was overtaken by a logout. */
  async #update(id: string, data: SessionData): Promise<void> {
    const answer = await this.#backend.update(id, { userId: this.#userOf(data), data });
    if (answer === "other-user") throw new Error("the session belongs to another user; call req.session.regenerate() at login");
  }
}

/** `userOf` names the user of a session, "" while there is none; it must not change without regenerate(). */
export const createExpressSessionStore = (backend: SessionBackend, userOf: (data: SessionData) => string): session.Store =>
  new ExpressSessionStore(backend, userOf);
