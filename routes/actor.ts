import type { Context } from "hono";
import { getConnInfo } from "hono/deno";
import type { Actor } from "../jobs/lifecycle.ts";
import { isApi } from "./errors.tsx";

/** Who asks for a change: there are no accounts, so it is the kind of client and its address. */
export function actor(c: Context): Required<Actor> {
  const client = isApi(c.req.path) ? "API client" : "browser";
  return { by: `${client} at ${address(c)}` };
}

function address(c: Context): string {
  try {
    return getConnInfo(c).remote.address ?? "an unknown address";
  } catch {
    // Requests made without a connection, as by app.request.
    return "an unknown address";
  }
}
