import type { ContentfulStatusCode } from "hono/utils/http-status";

/** A fault of the request, told to the client as it is: what is wrong, its value, the remedy. */
export class Fault extends Error {
  override name = "Fault";
  constructor(
    readonly status: ContentfulStatusCode,
    readonly code: string,
    message: string,
    readonly details?: unknown,
  ) {
    super(message);
  }
}
