import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { catalogue } from "../models/catalogue.ts";
import { assetRoutes } from "./assets.ts";
import { changeRoutes } from "./changes.ts";
import { changePages } from "./change_pages.tsx";
import { clusterPages } from "./cluster_pages.tsx";
import { clusteringSessionRoutes } from "./clustering_sessions.ts";
import { clusterRoutes } from "./clusters.ts";
import { directoryRoutes } from "./directories.ts";
import { duplicatePages, duplicateRoutes } from "./duplicates.tsx";
import type { Deps, Env } from "./env.ts";
import { onError, onNotFound } from "./errors.tsx";
import { faceForms } from "./face_forms.ts";
import { faceSessionRoutes } from "./face_sessions.ts";
import { faceRoutes } from "./faces.ts";
import { failureForms } from "./failure_forms.ts";
import { failurePages, failureRoutes } from "./failures.tsx";
import { Fault } from "./fault.ts";
import { createFolderCounter } from "./folder_counter.ts";
import { healthRoutes } from "./health.ts";
import { historyPages, historyRoutes } from "./history.tsx";
import { itemPages, itemRoutes } from "./items.tsx";
import { libraryPages } from "./library_pages.tsx";
import { metricsRoutes } from "./metrics.ts";
import { modelRoutes } from "./models.ts";
import { modelPages } from "./models_pages.tsx";
import { newSessionPages } from "./new_session_pages.tsx";
import { openApiRoutes } from "./openapi.ts";
import { peopleRoutes } from "./people.ts";
import { peoplePages } from "./people_pages.tsx";
import { personPages } from "./person_pages.tsx";
import { phasePages, phaseRoutes } from "./phases.ts";
import { photoRoutes } from "./photos.ts";
import { pictureGate } from "./picture_gate.ts";
import { proposalRoutes } from "./proposals.ts";
import { createPulls } from "./pulls.ts";
import { rerunPages } from "./rerun_pages.tsx";
import { reviewPages } from "./review_pages.tsx";
import { searchRoutes } from "./search.ts";
import { searchPages } from "./search_pages.tsx";
import { PICTURE_LIMIT } from "./search_schemas.ts";
import { guard, headers } from "./security.ts";
import { sessionPages } from "./session_pages.tsx";
import { sessionRoutes } from "./sessions.ts";
import { suggestionRoutes } from "./suggestions.ts";
import { timelinePages, timelineRoutes } from "./timeline.tsx";
import { settingsPages, settingsRoutes } from "./settings.tsx";
import { workerPages, workerRoutes } from "./workers.tsx";

/** Ten thousand folder names fit, a picture does not. */
const BODY_LIMIT = 4 * 1024 * 1024;

/** Where somebody may send a picture; the page for that has a limit of its own, and says so itself. */
const TAKES_PICTURES = new Set(["/api/v1/search"]);

/** The whole web application; `app.fetch` serves it, `app.request` tests it. */
export function createApp(
  given: Omit<Deps, "counter" | "pulls"> & Partial<Pick<Deps, "counter" | "pulls">>,
): Hono<Env> {
  const deps: Deps = {
    counter: createFolderCounter(),
    pulls: createPulls({ dataDir: given.config.dataDir, catalogue: catalogue() }),
    ...given,
  };
  const app = new Hono<Env>();
  app.onError(onError);
  app.notFound((c) => onNotFound(c, methodsAt(app, c.req.path)));
  app.use(headers, async (c, next) => {
    c.set("database", deps.database);
    c.set("config", deps.config);
    c.set("counter", deps.counter);
    c.set("search", deps.search);
    c.set("pulls", deps.pulls);
    await next();
  });
  app.use(guard(deps.config));
  // One for both: it is one memory. Before any body is read.
  const gate = pictureGate(PICTURE_LIMIT);
  app.use("/api/v1/search", gate);
  app.use("/search", gate);
  const small = limited(BODY_LIMIT);
  const withPicture = limited(PICTURE_LIMIT);
  app.use((c, next) => {
    if (c.req.path === "/search") return next();
    return TAKES_PICTURES.has(c.req.path) ? withPicture(c, next) : small(c, next);
  });
  app.route("/api/v1/training/sessions", sessionRoutes);
  app.route("/api/v1/training/sessions", phaseRoutes);
  app.route("/api/v1/face-sessions", faceSessionRoutes);
  app.route("/api/v1/clustering-sessions", clusteringSessionRoutes);
  app.route("/api/v1/directories", directoryRoutes);
  app.route("/api/v1/sessions", itemRoutes);
  app.route("/api/v1/sessions", failureRoutes);
  app.route("/api/v1/sessions", timelineRoutes);
  app.route("/api/v1/history", historyRoutes);
  app.route("/api/v1/search", searchRoutes);
  app.route("/api/v1/workers", workerRoutes);
  app.route("/api/v1/models", modelRoutes);
  app.route("/api/v1/settings", settingsRoutes);
  app.route("/api/v1/people", peopleRoutes);
  app.route("/api/v1/clusters", clusterRoutes);
  app.route("/api/v1/faces", faceRoutes);
  app.route("/api/v1/suggestions", suggestionRoutes);
  app.route("/api/v1/proposals", proposalRoutes);
  app.route("/api/v1/changes", changeRoutes);
  app.route("/api/v1/duplicates", duplicateRoutes);
  app.route("/api/v1", photoRoutes);
  app.route("/api/v1", openApiRoutes);
  app.route("/api/v1", healthRoutes);
  // Where supervisors, containers and monitoring look for them.
  app.route("/", healthRoutes);
  app.route("/metrics", metricsRoutes);
  app.route("/assets", assetRoutes);
  app.get("/", (c) => c.redirect("/sessions"));
  app.route("/sessions/new", newSessionPages);
  app.route("/runs", rerunPages);
  app.route("/sessions", sessionPages);
  app.route("/sessions", itemPages);
  app.route("/sessions", failurePages);
  app.route("/sessions", failureForms);
  app.route("/sessions", timelinePages);
  app.route("/history", historyPages);
  app.route("/sessions", phasePages);
  app.route("/search", searchPages);
  app.route("/workers", workerPages);
  app.route("/models", modelPages);
  app.route("/settings", settingsPages);
  app.route("/people", peoplePages);
  app.route("/people", personPages);
  app.route("/clusters", clusterPages);
  app.route("/faces", faceForms);
  app.route("/review", reviewPages);
  app.route("/changes", changePages);
  app.route("/duplicates", duplicatePages);
  app.route("/", libraryPages);
  return app;
}

/** A larger body is refused by its length, or where it does not say, as soon as it is longer. */
const limited = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw new Fault(413, "body_too_large", `The request is larger than ${maxSize} bytes`);
    },
  });

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** What may be asked of a path; nothing where nothing is. */
function methodsAt(app: Hono<Env>, path: string): string[] {
  return METHODS.filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method)
  );
}
