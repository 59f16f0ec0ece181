// Express middleware over a rate limiter: the client's key from the trusted hop, RateLimit fields on every answer, 429 with Retry-After.
// Fields as in draft-ietf-httpapi-ratelimit-headers (structured fields `RateLimit-Policy` and `RateLimit`); it sends no X- fields.

import { isIPv6 } from "node:net";
import type { Request, RequestHandler, Response } from "express";

/** What the limiter answers; the decision of `rate-limiter.ts` fits. */
export interface LimitDecision {
  readonly allowed: boolean;
  readonly limit: number;
  readonly windowMs: number;
  readonly remaining: number;
  readonly retryAfterMs: number;
  readonly resetMs: number;
}

export interface ExpressLimit {
  readonly limiter: { check(subject: string): Promise<LimitDecision> };
  /** Name of the policy in the fields: letters, digits, `-` and `_`. */
  readonly policy: string;
  /** Default: the address of the client. An API key or an account is better where there is one. */
  readonly subjectOf?: (request: Request) => string;
}

/** The first four groups of an IPv6 address: a household or a host owns the whole /64 and can use any address of it. */
function network64(address: string): string {
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups =
    tail === undefined ? left : [...left, ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0"), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

/** One key per client: IPv4 as it is (also when mapped into IPv6), IPv6 by its /64. */
export function addressKey(ip: string): string {
  const bare = ip.split("%")[0] ?? ip;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (mapped !== undefined) return mapped;
  return isIPv6(bare) ? network64(bare) : bare;
}

/** `req.ip` is only as good as `trust proxy`: `true` takes the leftmost X-Forwarded-For, which the client writes itself. */
function clientKey(request: Request): string {
  if (request.app.get("trust proxy") === true)
    throw new Error("`trust proxy` is true, so every client can choose its own address: set it to the number of proxies or their networks");
  return addressKey(request.ip ?? request.socket.remoteAddress ?? "unknown");
}

const seconds = (ms: number): number => Math.max(0, Math.ceil(ms / 1000));

function writeFields(response: Response, policy: string, decision: LimitDecision): void {
  response.setHeader("RateLimit-Policy", `"${policy}";q=${decision.limit};w=${Math.max(1, seconds(decision.windowMs))}`);
  response.setHeader("RateLimit", `"${policy}";r=${decision.remaining};t=${seconds(decision.resetMs)}`);
  if (!decision.allowed) response.setHeader("Retry-After", String(Math.max(1, seconds(decision.retryAfterMs))));
}

export function rateLimiterExpress({ limiter, policy, subjectOf = clientKey }: ExpressLimit): RequestHandler {
  if (!/^[\w-]+$/.test(policy)) throw new RangeError(`policy is "${policy}": give letters, digits, - and _ only`);
  return async (request, response, next) => {
    try {
      const decision = await limiter.check(subjectOf(request));
      writeFields(response, policy, decision);
      if (decision.allowed) return next();
      response.status(429).type("application/problem+json");
      response.send(
        JSON.stringify({
          type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
          title: "Too many requests",
          status: 429,
          "violated-policies": [policy],
        }),
      );
    } catch (error) {
      next(error);
    }
  };
}
