import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { Config } from "../config.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";

/**
 * Nothing inline and nothing from elsewhere, so markup that slips through an escape still runs
 * nothing. The referrer policy is same-origin, not no-referrer: under the latter browsers send
 * `Origin: null` with our own forms, and the check below could not tell them from foreign ones.
 */
export const headers: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  referrerPolicy: "same-origin",
  xFrameOptions: "DENY",
  // Whether this server is reached over TLS is the business of the proxy that ends it.
  strictTransportSecurity: false,
});

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses requests under a host name that is not ours (DNS rebinding makes a foreign page look
 * like the same origin, but cannot change the name) and requests from other sites that would
 * change something. Clients that are no browsers send no Origin and pass.
 */
export function guard(config: Pick<Config, "host" | "allowedHosts">): MiddlewareHandler<Env> {
  const own = new Set(["localhost", "127.0.0.1", "[::1]", bracketed(config.host)]);
  const added = new Set(config.allowedHosts.map((host) => host.toLowerCase()));
  return async (c, next) => {
    const url = new URL(c.req.url);
    const host = (c.req.header("host") ?? url.host).toLowerCase();
    const name = host.replace(/:\d+$/, "");
    if (!own.has(name) && !added.has(name) && !added.has(host)) {
      throw refused("host_not_allowed", `the host name "${name}"`, name);
    }
    if (!READING.has(c.req.method)) {
      const origin = c.req.header("origin");
      const site = c.req.header("sec-fetch-site");
      const from = origin === undefined ? null : hostOf(origin);
      const ours = origin === undefined
        ? site === undefined || site === "same-origin" || site === "none"
        // Same host and port; behind a proxy that renames the host, a name that was added.
        : from === host || added.has(from ?? "") || added.has(from?.replace(/:\d+$/, "") ?? "");
      if (!ours) throw refused("origin_not_allowed", `the origin "${origin ?? site}"`, from);
    }
    await next();
  };
}

function refused(code: string, what: string, name: string | null): Fault {
  const remedy = name
    ? `; if that is a name of this server, add it: SAFELIGHT_ALLOWED_HOSTS=${name}`
    : "; names of this server belong into SAFELIGHT_ALLOWED_HOSTS";
  return new Fault(403, code, `Requests under ${what} are refused${remedy}`, { refused: name });
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host.toLowerCase() : null;
}

const bracketed = (host: string) =>
  (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host).toLowerCase();
