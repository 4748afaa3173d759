import { drizzle } from "drizzle-orm/postgres-js";
import { createHash } from "node:crypto";
import sharp from "sharp";
import { readConfig } from "../config.ts";
import type { Db } from "../db/client.ts";
import { previewPath, thumbnailPath, writeWhole } from "../db/photo_store.ts";
import * as schema from "../db/schema.ts";
import { createSearch } from "../db/search/search.ts";
import { files, jobs, type JobState, photos } from "../db/schema.ts";
import { type TestDatabase, testDatabase, testDirectory } from "../db/testing.ts";
import { catalogue } from "../models/catalogue.ts";
import { openEngine } from "../models/engine.ts";
import type { Manifest } from "../models/manifest.ts";
import { searchEncoder } from "../models/search_encoder.ts";
import { createApp } from "./app.ts";
import { createFolderCounter } from "./folder_counter.ts";
import { createPulls } from "./pulls.ts";

/**
 * The application on a fresh database, or `on` another, and an empty data directory; `packs` instead
 * of those of the catalogue can be pulled.
 */
export async function testApp(
  environment: Record<string, string> = {},
  { packs = catalogue(), on }: { packs?: Manifest[]; on?: TestDatabase } = {},
) {
  const database = on ?? await testDatabase();
  const dataDir = await testDirectory();
  const counter = createFolderCounter();
  const config = readConfig({ SAFELIGHT_DATA: dataDir, ...environment });
  const pulls = createPulls({ dataDir, catalogue: packs, loopback: true, retryMs: 20 });
  let statements = 0;
  const logger = { logQuery: () => void statements++ };
  const db: Db = drizzle(database.sql, { schema, casing: "snake_case", logger });
  const engine = await openEngine({ modelsDir: null, roles: ["text", "images"] });
  const encoder = searchEncoder(engine);
  const { vectors } = config;
  const search = createSearch({ ...database, db }, () => Promise.resolve(encoder), { vectors });
  const app = createApp({ database: { ...database, db }, config, counter, search, pulls });
  const send = (method: string) => async (path: string, body?: unknown) => {
    const response = await app.request(`/api/v1${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null, response };
  };
  return {
    app,
    db: database.db,
    dataDir,
    pulls,
    get: send("GET"),
    post: send("POST"),
    put: send("PUT"),
    patch: send("PATCH"),
    delete: send("DELETE"),
    /** A page's status and markup. */
    async page(path: string): Promise<{ status: number; html: string }> {
      const response = await app.request(path);
      return { status: response.status, html: await response.text() };
    },
    /** Sends a form as a browser does. */
    form: (path: string, fields: [string, string][]) =>
      app.request(path, {
        method: "POST",
        body: new URLSearchParams(fields),
        headers: { origin: "http://localhost" },
      }),
    /** How many statements `act` sent. */
    async counting(act: () => Promise<unknown>): Promise<number> {
      const before = statements;
      await act();
      return statements - before;
    },
    async close() {
      counter.close();
      await pulls.close();
      await search.close();
      await engine.close();
      await database.drop();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

export type TestApp = Awaited<ReturnType<typeof testApp>>;

/** A file with a training job in `state`, as discovery and training leave it. */
export async function addFile(
  db: Db,
  file: { path: string; sessionId: number; photoId?: number; state: JobState; message?: string },
): Promise<{ fileId: number; jobId: number }> {
  const [{ id: fileId }] = await db.insert(files).values({
    path: file.path,
    size: 1234,
    mtimeMs: 1_600_000_000_000,
    photoId: file.photoId ?? null,
  }).returning({ id: files.id });
  const [{ id: jobId }] = await db.insert(jobs).values({
    sessionId: file.sessionId,
    phase: "training",
    subject: fileId,
    state: file.state,
    claimId: file.state === "running" ? crypto.randomUUID() : null,
    reason: file.message ? "corrupt" : null,
    message: file.message ?? null,
    finishedAt: ["queued", "running"].includes(file.state) ? null : new Date(),
  }).returning({ id: jobs.id });
  return { fileId, jobId };
}

/** A photo of one colour, with its pictures in the data directory. */
export async function addPhoto(
  db: Db,
  dataDir: string,
  photo: { colour: string; path: string; representativeId?: number },
): Promise<{ id: number; sha256: string }> {
  const size = { width: 120, height: 80, channels: 3 as const };
  const picture = sharp({ create: { ...size, background: photo.colour } });
  const preview = await picture.clone().jpeg().toBuffer();
  const sha256 = createHash("sha256").update(preview).update(photo.path).digest("hex");
  await writeWhole(previewPath(dataDir, sha256), preview);
  await writeWhole(thumbnailPath(dataDir, sha256), await picture.webp().toBuffer());
  const [{ id }] = await db.insert(photos).values({
    sha256,
    byteSize: 4321,
    width: 1200,
    height: 800,
    format: "jpeg",
    takenAt: "2019-07-21T18:04:09",
    camera: "Leica M6",
    dhash: sha256.slice(0, 16),
    flat: true,
    representativeId: photo.representativeId ?? null,
    firstMtimeMs: 1_600_000_000_000,
    firstPath: photo.path,
    previewWidth: 120,
    previewHeight: 80,
  }).returning({ id: photos.id });
  return { id, sha256 };
}

interface Looked {
  status: string;
  // deno-lint-ignore no-explicit-any
  [field: string]: any;
}

/** Looks at a pack until nothing is under way with it, or until it is as wanted; half a minute at most. */
export async function settled(
  look: () => Promise<Looked>,
  wanted = ({ status }: Looked) => !["fetching", "verifying", "installing"].includes(status),
): Promise<Looked> {
  const end = performance.now() + 30_000;
  for (;;) {
    const pack = await look();
    if (wanted(pack)) return pack;
    if (performance.now() > end) throw new Error(`Waited in vain: ${JSON.stringify(pack)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
