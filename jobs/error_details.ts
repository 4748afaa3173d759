import { code } from "../db/client.ts";

/** Enough for a message, its causes and where in the program each arose. */
const LONGEST = 4000;

/** An error has a cause or two; more would be a circle. */
const CAUSES = 5;

/**
 * An error as text for whoever looks into it: name, code, message and stack, then the same of its
 * causes; 4,000 characters at most. It may name files, so it belongs to the item and not to the log.
 */
export function errorDetails(error: unknown): string {
  const parts: string[] = [];
  let next: unknown = error;
  do {
    parts.push((parts.length === 0 ? "" : "caused by ") + told(next));
    next = next instanceof Error ? next.cause : undefined;
  } while (next !== undefined && parts.length < CAUSES);
  // PostgreSQL takes no zero character in a text, and a name may hold half a pair of surrogates.
  return parts.join("\n").replaceAll("\0", "\\0").slice(0, LONGEST).toWellFormed();
}

function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const known = code(error);
  const head = `${error.name}${known === "" ? "" : ` (${known})`}: ${error.message}`;
  // The stack's own first line has the name that the class had before its constructor set another.
  const frames = (error.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
  return [head, ...frames].join("\n");
}
