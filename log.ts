import type { Config } from "./config.ts";
import { withoutPaths } from "./without_paths.ts";

const LEVELS = { debug: 0, info: 1, warn: 2, error: 3 } as const;
export type Level = keyof typeof LEVELS;
export type Fields = Record<string, string | number | boolean | null | undefined>;

let least: number = LEVELS.info;
let asJson = false;
let withPaths = false;
let base: Fields = {};

/** Sets format, level and discretion for this process; `fields` (its role) go into every line. */
export function configureLog(
  config: Pick<Config, "logFormat" | "logLevel" | "logPaths">,
  fields: Fields = {},
): void {
  least = LEVELS[config.logLevel];
  asJson = config.logFormat === "json";
  withPaths = config.logPaths;
  base = fields;
}

/** What `configureLog` was given, for a thread, which has a log of its own. */
export interface LogSettings {
  config: Parameters<typeof configureLog>[0];
  fields: Fields;
}

/** The settings of this process's log: a thread begins with them, or it would log as none was set. */
export function logSettings(): LogSettings {
  const logLevel = (Object.keys(LEVELS) as Level[]).find((level) => LEVELS[level] === least)!;
  return {
    config: { logFormat: asJson ? "json" : "text", logLevel, logPaths: withPaths },
    fields: base,
  };
}

/**
 * One line to standard error: a JSON object, or readable text on a terminal. `fields` name what it
 * is about (session, phase, job, worker). Places and names of a person's files are taken out of
 * the message and of every field, and the field `path` is left out, unless logPaths asks for them.
 */
export function log(level: Level, message: string, fields: Fields = {}): void {
  if (LEVELS[level] < least) return;
  const { path, ...rest } = { ...base, ...fields };
  const all = Object.entries(withPaths ? { ...rest, path } : rest)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, typeof value === "string" ? discreet(value) : value] as const);
  const said = discreet(message);
  console.error(
    asJson
      ? JSON.stringify({
        time: new Date().toISOString(),
        level,
        message: said,
        ...Object.fromEntries(all),
      })
      : [`${level.padEnd(5)} ${oneLine(said)}`, all.map(pair).join(" ")].filter(Boolean).join("  "),
  );
}

const discreet = (text: string) => withPaths ? text : withoutPaths(text);

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

// A file's name may hold a line feed or the codes that move a terminal's cursor: it must not be able
// to write lines of its own, nor fields.
const UNPRINTABLE = /[\p{Cc}\u2028\u2029]/gu;
const oneLine = (text: string) =>
  text.replace(
    UNPRINTABLE,
    (sign) => sign === "\n" ? "\\n" : `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

function pair([name, value]: readonly [string, Fields[string]]): string {
  const plain = typeof value !== "string" || /^[^\s"=]+$/.test(value);
  return `${name}=${oneLine(plain ? String(value) : `"${value.replaceAll('"', '\\"')}"`)}`;
}
