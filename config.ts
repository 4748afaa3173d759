import { z } from "zod";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { DEVICE_SETTINGS, type DeviceSetting } from "./models/devices/device.ts";

/** Where vectors are looked for. */
export const VECTORS_SETTINGS = ["hnswlib", "pgvector"] as const;
export type VectorsSetting = typeof VECTORS_SETTINGS[number];

/** Everything the program can be told, from the environment and flags, checked once at start. */
export interface Config {
  host: string;
  port: number;
  /** Previews, the embedded database, locks: the only folder this program writes to. */
  dataDir: string;
  /** Null: the embedded PostgreSQL in dataDir. */
  databaseUrl: string | null;
  /** A folder of models of the user's own; null: only the built-in pack. */
  modelsDir: string | null;
  /** A server to pull packs from instead of where they lie, as `MIRROR/host/path`. */
  modelsMirror: string | null;
  /** What the models run on; auto: what works best. */
  device: DeviceSetting;
  minFaceScore: number | null;
  minFaceSize: number;
  logFormat: "text" | "json";
  logLevel: "debug" | "info" | "warn" | "error";
  /** Log lines may name a person's files. */
  logPaths: boolean;
  /** A batch of pictures that stands still for this long, more for large files, is stuck. */
  stallSeconds: number;
  /** Runs pause while less than this is free in the data directory; in millions of bytes. */
  minFreeMb: number;
  /** What finds the nearest vectors: hnswlib in a thread of the web process, or the database's pgvector. */
  vectors: VectorsSetting;
  /** Host names, besides the address it listens on, under which browsers may use this server. */
  allowedHosts: string[];
}

/** Flags of a command line, already parsed; they win over the environment. */
export interface Flags {
  host?: string;
  port?: string;
  data?: string;
}

// Never z.coerce alone: it takes an empty flag for the number 0.
const number = z.string().trim().min(1).pipe(z.coerce.number());

// The descriptions complete "expected …" in error messages.
const schema = z.object({
  SAFELIGHT_HOST: z.string().min(1).default("127.0.0.1").describe("a host name or address"),
  SAFELIGHT_PORT: number.pipe(z.int().min(0).max(65535)).default(8420)
    .describe("a whole number from 0 to 65535"),
  SAFELIGHT_DATA: z.string().min(1).optional().describe("a folder"),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional()
    .describe("a URL such as postgres://user:password@host:5432/database"),
  SAFELIGHT_MODELS: z.string().min(1).optional().describe("a folder"),
  SAFELIGHT_MODELS_MIRROR: z.url({ protocol: /^https?$/ }).optional()
    .describe("a URL such as https://mirror.example/models"),
  SAFELIGHT_DEVICE: z.enum(DEVICE_SETTINGS).default("auto")
    .describe("auto, cpu, webgpu, cuda, coreml or directml"),
  SAFELIGHT_MIN_FACE_SCORE: number.pipe(z.number().min(0).max(1)).optional()
    .describe("a number from 0 to 1"),
  SAFELIGHT_MIN_FACE_SIZE: number.pipe(z.number().min(1)).default(20)
    .describe("a number of pixels, 1 or more"),
  SAFELIGHT_LOG: z.enum(["text", "json"]).optional().describe("text or json"),
  SAFELIGHT_LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info")
    .describe("debug, info, warn or error"),
  SAFELIGHT_LOG_PATHS: z.enum(["0", "1"]).default("0").describe("0 or 1"),
  SAFELIGHT_STALL_SECONDS: number.pipe(z.number().min(1)).default(60)
    .describe("a number of seconds, 1 or more"),
  SAFELIGHT_MIN_FREE_MB: number.pipe(z.number().min(0)).default(256)
    .describe("a number of megabytes, 0 or more"),
  SAFELIGHT_VECTORS: z.enum(VECTORS_SETTINGS).default("hnswlib").describe("hnswlib or pgvector"),
  SAFELIGHT_ALLOWED_HOSTS: z.string().default("").describe("host names with commas between"),
});
type Name = keyof typeof schema.shape;

/** Raised for a setting that cannot be used; the message names it, its value and what is expected. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/**
 * The configuration of this process. `environment` are variables, `flags` the parsed command line.
 * Empty variables count as absent, as compose files pass them. Throws a ConfigError that names
 * every wrong setting, and never shows the password in DATABASE_URL.
 */
export function readConfig(
  environment: Record<string, string | undefined> = Deno.env.toObject(),
  flags: Flags = {},
): Config {
  const given = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [name, environment[name]?.trim() || undefined]),
  );
  if (flags.host !== undefined) given.SAFELIGHT_HOST = flags.host;
  if (flags.port !== undefined) given.SAFELIGHT_PORT = flags.port;
  if (flags.data !== undefined) given.SAFELIGHT_DATA = flags.data;
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map((issue) => issue.path[0] as Name));
    const faults = [...names].map((name) =>
      `${name} is "${withoutPassword(given[name] ?? "")}", expected ${
        schema.shape[name].description
      }`
    );
    throw new ConfigError(`Cannot read the configuration: ${faults.join("; ")}`);
  }
  const settings = parsed.data;
  return {
    host: settings.SAFELIGHT_HOST,
    port: settings.SAFELIGHT_PORT,
    dataDir: resolve(settings.SAFELIGHT_DATA ?? defaultDataDir(environment)),
    databaseUrl: settings.DATABASE_URL ?? null,
    modelsDir: settings.SAFELIGHT_MODELS ? resolve(settings.SAFELIGHT_MODELS) : null,
    modelsMirror: settings.SAFELIGHT_MODELS_MIRROR ?? null,
    device: settings.SAFELIGHT_DEVICE,
    minFaceScore: settings.SAFELIGHT_MIN_FACE_SCORE ?? null,
    minFaceSize: settings.SAFELIGHT_MIN_FACE_SIZE,
    logFormat: settings.SAFELIGHT_LOG ?? (Deno.stderr.isTerminal() ? "text" : "json"),
    logLevel: settings.SAFELIGHT_LOG_LEVEL,
    logPaths: settings.SAFELIGHT_LOG_PATHS === "1",
    stallSeconds: settings.SAFELIGHT_STALL_SECONDS,
    minFreeMb: settings.SAFELIGHT_MIN_FREE_MB,
    vectors: settings.SAFELIGHT_VECTORS,
    allowedHosts: settings.SAFELIGHT_ALLOWED_HOSTS.split(",").map((host) => host.trim())
      .filter(Boolean),
  };
}

/**
 * The environment that makes a child process read the same configuration, since flags do not
 * travel: a worker must not guess another data folder than its parent uses.
 */
export function configEnvironment(config: Config): Record<string, string> {
  return {
    SAFELIGHT_DATA: config.dataDir,
    SAFELIGHT_MODELS: config.modelsDir ?? "",
    SAFELIGHT_DEVICE: config.device,
    SAFELIGHT_MIN_FACE_SCORE: String(config.minFaceScore ?? ""),
    SAFELIGHT_MIN_FACE_SIZE: String(config.minFaceSize),
    SAFELIGHT_LOG: config.logFormat,
    SAFELIGHT_LOG_LEVEL: config.logLevel,
    SAFELIGHT_LOG_PATHS: config.logPaths ? "1" : "0",
    SAFELIGHT_STALL_SECONDS: String(config.stallSeconds),
    SAFELIGHT_MIN_FREE_MB: String(config.minFreeMb),
    SAFELIGHT_VECTORS: config.vectors,
  };
}

const withoutPassword = (value: string) => value.replace(/(:\/\/[^:/@]*):.*@/, "$1:***@");

// Root's home is closed to the user the database server runs as, so root keeps data where
// daemons do.
function defaultDataDir(environment: Record<string, string | undefined>): string {
  if (Deno.build.os === "linux" && Deno.uid() === 0) return "/var/lib/safelight";
  const base = environment.XDG_DATA_HOME || join(homedir(), ".local", "share");
  return join(base, "safelight");
}
