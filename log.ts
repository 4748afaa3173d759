import type { Config } from "./config.ts";

const LEVELS = { debug: 0, info: 1, warn: 2, error: 3 } as const;
export type Level = keyof typeof LEVELS;
export type Fields = Record<string, string | number | boolean | null | undefined>;

let least: number = LEVELS.info;
let asJson = false;
let base: Fields = {};

/** Sets format and level for this process; `fields` (process role, worker id) go into every line. */
export function configureLog(
  config: Pick<Config, "logFormat" | "logLevel">,
  fields: Fields = {},
): void {
  least = LEVELS[config.logLevel];
  asJson = config.logFormat === "json";
  base = fields;
}

/**
 * One line to standard error: a JSON object, or readable text on a terminal. `fields` name what it
 * is about (session, phase, job, worker). File names of a person's photos do not belong here.
 */
export function log(level: Level, message: string, fields: Fields = {}): void {
  if (LEVELS[level] < least) return;
  const all = { ...base, ...fields };
  const line = asJson
    ? JSON.stringify({ time: new Date().toISOString(), level, message, ...all })
    : `${level.padEnd(5)} ${message}${readable(all)}`;
  console.error(line);
}

/**
 * Logs an error with its stack under a fresh id and returns the id, for the page or reply that
 * cannot say more than "something went wrong".
 */
export function logError(message: string, error: unknown, fields: Fields = {}): string {
  const id = crypto.randomUUID().slice(0, 8);
  const detail = error instanceof Error ? error.stack ?? error.message : String(error);
  const cause = error instanceof Error && error.cause ? String(error.cause) : undefined;
  log("error", message, { ...fields, errorId: id, error: detail, cause });
  return id;
}

function readable(fields: Fields): string {
  const parts = Object.entries(fields).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`);
  return parts.length ? `  ${parts.join(" ")}` : "";
}
