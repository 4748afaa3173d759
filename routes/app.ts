import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { assetRoutes } from "./assets.ts";
import { directoryRoutes } from "./directories.ts";
import type { Deps, Env } from "./env.ts";
import { onError, onNotFound } from "./errors.tsx";
import { faceSessionRoutes } from "./face_sessions.ts";
import { Fault } from "./fault.ts";
import { createFolderCounter, type FolderCounter } from "./folder_counter.ts";
import { healthRoutes } from "./health.ts";
import { itemRoutes } from "./items.ts";
import { libraryPages } from "./library_pages.tsx";
import { newSessionPages } from "./new_session_pages.tsx";
import { openApiRoutes } from "./openapi.ts";
import { photoRoutes } from "./photos.ts";
import { searchPages, searchRoutes } from "./search.tsx";
import { guard, headers } from "./security.ts";
import { sessionPages } from "./session_pages.tsx";
import { sessionRoutes } from "./sessions.ts";

/** Ten thousand folder names fit, a picture does not. */
const BODY_LIMIT = 4 * 1024 * 1024;

/** The whole web application; `app.fetch` serves it, `app.request` tests it. */
export function createApp(given: Omit<Deps, "counter"> & { counter?: FolderCounter }): Hono<Env> {
  const deps: Deps = { counter: createFolderCounter(), ...given };
  const app = new Hono<Env>();
  app.onError(onError);
  app.notFound(onNotFound);
  app.use(headers, async (c, next) => {
    c.set("database", deps.database);
    c.set("config", deps.config);
    c.set("counter", deps.counter);
    c.set("search", deps.search);
    await next();
  });
  app.use(guard(deps.config));
  app.use(bodyLimit({
    maxSize: BODY_LIMIT,
    onError: () => {
      throw new Fault(413, "body_too_large", `The request is larger than ${BODY_LIMIT} bytes`);
    },
  }));
  app.route("/api/v1/training/sessions", sessionRoutes);
  app.route("/api/v1/face-sessions", faceSessionRoutes);
  app.route("/api/v1/directories", directoryRoutes);
  app.route("/api/v1/sessions", itemRoutes);
  app.route("/api/v1/search", searchRoutes);
  app.route("/api/v1", photoRoutes);
  app.route("/api/v1", openApiRoutes);
  app.route("/api/v1", healthRoutes);
  // Where supervisors and containers look for them.
  app.route("/", healthRoutes);
  app.route("/assets", assetRoutes);
  app.get("/", (c) => c.redirect("/sessions"));
  app.route("/sessions/new", newSessionPages);
  app.route("/sessions", sessionPages);
  app.route("/search", searchPages);
  app.route("/", libraryPages);
  return app;
}
