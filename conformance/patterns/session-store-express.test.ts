import type { Server } from "node:http";
import express, { type NextFunction, type Request, type Response } from "express";
import session, { type SessionData } from "express-session";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { privateServer, type PrivateServer } from "../testing/private-server.ts";
import { createClient, type Client } from "./connection.ts";
import { createExpressSessionStore } from "./session-store-express.ts";
import { createSessionStore } from "./session-store.ts";

type Data = SessionData & { user?: string; cart?: number };

const limits = { prefix: "web", idleMs: 60_000, absoluteMs: 3_600_000, replicasToWait: 0, waitMs: 100, deadlineMs: 500 };

function app(client: Client, gate: Promise<void>, loaded: () => void): express.Express {
  const backend = createSessionStore<SessionData>(client, limits);
  const store = createExpressSessionStore(backend, (data) => (data as Data).user ?? "");
  const web = express();
  web.use(session({ store, secret: "only for this test", resave: false, saveUninitialized: false }));
  web.get("/login/:user", (request, response, next) => {
    request.session.regenerate((error?: unknown) => {
      if (error) return next(error);
      (request.session as unknown as Data).user = String(request.params.user);
      response.send("in");
    });
  });
  web.get("/become/:user", (request, response, next) => {
    (request.session as unknown as Data).user = String(request.params.user);
    request.session.save((error?: unknown) => (error ? next(error) : response.send("became")));
  });
  web.get("/me", (request, response) => {
    const { user, cart } = request.session as unknown as Data;
    if (user === undefined) response.status(401).send("nobody");
    else response.send(`${user} ${cart ?? 0}`);
  });
  web.get("/slow", (request, response) => {
    loaded();
    void gate.then(() => {
      (request.session as unknown as Data).cart = 1;
      response.send("saved");
    });
  });
  web.get("/buy", (request, response) => {
    (request.session as unknown as Data).cart = 2;
    response.send("bought");
  });
  web.get("/logout", (request, response, next) =>
    request.session.destroy((error?: unknown) => (error ? next(error) : response.send("out"))),
  );
  web.use((error: Error & { status?: number }, _request: Request, response: Response, _next: NextFunction) => {
    response.status(error.status ?? 500).send(error.message);
  });
  return web;
}

describe("express-session on the session store", () => {
  let server: PrivateServer;
  let client: Client;
  let http: Server;
  let url = "";
  let gone = false;
  const gate = Promise.withResolvers<void>();
  const loaded = Promise.withResolvers<void>();
  const get = async (path: string, cookie = ""): Promise<{ status: number; text: string; cookie: string }> => {
    const response = await fetch(url + path, { headers: { cookie } });
    const set = response.headers.get("set-cookie")?.split(";")[0];
    return { status: response.status, text: await response.text(), cookie: set ?? cookie };
  };
  beforeAll(async () => {
    server = await privateServer("sentinel");
    client = createClient(server.connection);
    const port = 22_100 + (process.pid % 800);
    await new Promise<void>((resolve) => (http = app(client, gate.promise, loaded.resolve).listen(port, "127.0.0.1", () => resolve())));
    url = `http://127.0.0.1:${port}`;
  });
  afterAll(async () => {
    client.disconnect();
    http.close();
    http.closeAllConnections();
    if (!gone) await server[Symbol.asyncDispose]();
  });

  test("logs in, remembers, and logs out", async () => {
    const { cookie } = await get("/login/ann");
    expect(await get("/me", cookie)).toMatchObject({ status: 200, text: "ann 0" });
    await get("/buy", cookie);
    expect((await get("/me", cookie)).text).toBe("ann 2");
    expect((await get("/logout", cookie)).text).toBe("out");
    expect((await get("/me", cookie)).status).toBe(401);
  });

  test("gives a new id at login and kills the old one", async () => {
    const guest = (await get("/login/ann")).cookie;
    const admin = (await get("/login/bob", guest)).cookie;
    expect(admin).not.toBe(guest);
    expect((await get("/me", guest)).status).toBe(401);
    expect((await get("/me", admin)).text).toBe("bob 0");
  });

  test("refuses to turn one user's session into another's without regenerate", async () => {
    const { cookie } = await get("/login/ann");
    expect(await get("/become/bob", cookie)).toMatchObject({ status: 500, text: expect.stringContaining("regenerate") });
    expect((await get("/me", cookie)).text).toBe("ann 0");
  });

  test("does not let a slow request undo a logout", async () => {
    const { cookie } = await get("/login/ann");
    const slow = get("/slow", cookie);
    await loaded.promise;
    await get("/logout", cookie);
    gate.resolve();
    expect((await slow).text).toBe("saved");
    expect((await get("/me", cookie)).status).toBe(401);
  });

  test("answers 503 within its deadline, not 401, when the store is gone", async () => {
    const { cookie } = await get("/login/ann");
    await server[Symbol.asyncDispose]();
    gone = true;
    const startedMs = performance.now();
    expect((await get("/me", cookie)).status).toBe(503);
    expect(performance.now() - startedMs).toBeLessThan(1500);
  });
});
