import { Hono } from "hono";
import { z, type ZodType } from "zod";
import * as Api from "./api_schemas.ts";
import { DuplicatesPage, DuplicatesQuery, PhotoWithCopies } from "./duplicate_schemas.ts";
import type { Env } from "./env.ts";
import { FailureLines, FailurePage, FailureQuery } from "./failure_schemas.ts";
import { all, one, type Operation, type Reply } from "./operation.ts";
import { PEOPLE_OPERATIONS } from "./people_operations.ts";
import {
  Found,
  FoundByPicture,
  IndexState,
  PictureSearchQuery,
  SearchQuery,
} from "./search_schemas.ts";

const transition = (summary: string) => one(summary, Api.Transition);

const picture = (summary: string, type: string): Operation => ({
  ...one(summary, type),
  replies: { 200: type, 304: null },
});

/** A deed that begins, with 202, or that is under way or done already. */
const pack = (summary: string): Operation => ({
  summary,
  path: Api.PackParam,
  replies: { 202: Api.PackDeed, 200: Api.PackDeed },
});

/** Every route of the API under its method and path; a test holds it against the routes there are. */
export const OPERATIONS: Record<string, Operation> = {
  "POST /api/v1/training/sessions": {
    summary: "Make a session; nothing runs before it is started",
    body: Api.NewSession,
    replies: { 201: Api.Session },
  },
  "GET /api/v1/training/sessions": all("Sessions, newest first", Api.SessionPage, {
    query: Api.PageQuery,
  }),
  "GET /api/v1/training/sessions/:id": one("One session", Api.Session),
  "PATCH /api/v1/training/sessions/:id": one(
    "Change the name, or the folders while the session is pending",
    Api.Session,
    { body: Api.SessionPatch },
  ),
  "DELETE /api/v1/training/sessions/:id": one(
    "Delete a session; photos and what was found in them stay",
    null,
    { status: 204 },
  ),
  "POST /api/v1/training/sessions/:id/start": transition(
    "Check the folders and start; answers at once, an active session is left as it is",
  ),
  "POST /api/v1/training/sessions/:id/pause": transition("Pause"),
  "POST /api/v1/training/sessions/:id/resume": transition("Go on after a pause"),
  "POST /api/v1/training/sessions/:id/cancel": transition("Cancel; what was finished is kept"),
  "POST /api/v1/training/sessions/:id/accept-missing": transition(
    "Missing files are really gone: go on without them; only where a session misses files",
  ),
  "POST /api/v1/training/sessions/:id/retry": one(
    "Try failed items again, those named or all, in a new round",
    Api.Asked,
    { body: Api.RetryRequest },
  ),
  "POST /api/v1/training/sessions/:id/ignore": one(
    "Leave failed items alone, those named or all, until their files change",
    Api.Asked,
    { body: Api.IgnoreRequest },
  ),
  "POST /api/v1/training/sessions/:id/phases/:phase/:action": one(
    "Pause, resume, cancel or retry one phase; a cancelled one lets the next go on",
    Api.Transition,
    { path: Api.PhaseActionParam },
  ),
  "GET /api/v1/training/sessions/:id/progress-unified": one(
    "One percentage over all the work, and the phases behind it",
    Api.UnifiedProgress,
  ),
  "GET /api/v1/training/sessions/:id/progress": one(
    "The training phase alone",
    Api.TrainingProgress,
  ),
  "GET /api/v1/sessions/:id/items": one(
    "The files behind a figure of the ledger, with the reasons",
    Api.ItemPage,
    { query: Api.ItemQuery },
  ),
  "GET /api/v1/sessions/:id/timeline": one(
    "A session over time: phases with pauses, throughput, errors and events",
    Api.Timeline,
    { query: Api.CursorQuery },
  ),
  "GET /api/v1/sessions/:id/failures": one(
    "What failed, why, and every attempt; page by page, or all of it as a file",
    [FailurePage, FailureLines, "text/csv"],
    { query: FailureQuery },
  ),
  "GET /api/v1/history": all(
    "Sessions that have ended, newest first, their rates beside what is usual",
    Api.History,
    { query: Api.HistoryQuery },
  ),
  "POST /api/v1/face-sessions": {
    summary: "Find faces again in what was read before, and start at once; each request is a run",
    body: Api.NewFaceRun,
    replies: { 201: Api.FaceSession },
  },
  "GET /api/v1/face-sessions": all(
    "The face side of every session that looks for faces, newest first",
    Api.FaceSessionPage,
    { query: Api.PageQuery },
  ),
  "GET /api/v1/face-sessions/:id": one("The face side of one session", Api.FaceSession),
  "POST /api/v1/clustering-sessions": {
    summary: "Group the library's faces again, and start at once; each request is a run",
    body: Api.NewClusteringRun,
    replies: { 201: Api.Session },
  },
  "GET /api/v1/directories": all(
    "The folders in a folder; picture counts are filled in as they come",
    Api.Directory,
    { query: Api.DirectoryQuery },
  ),
  "GET /api/v1/search": all("Photos by what they show, the most similar first", Found, {
    query: SearchQuery,
  }),
  "GET /api/v1/search/index": one("How far the index of the photos is", IndexState),
  "POST /api/v1/search": {
    ...all(
      "Photos like a picture: a form with the file as `picture`, or the bare file",
      FoundByPicture,
    ),
    query: PictureSearchQuery,
    upload: ["multipart/form-data", "image/*"],
  },
  "GET /api/v1/workers": all(
    "Who works on what, and what lately happened to workers",
    Api.WorkerList,
  ),
  "GET /api/v1/models": all(
    "Packs of models, what is chosen, and what models run on",
    Api.ModelList,
  ),
  "POST /api/v1/models/:name/pull": {
    ...pack("Fetch a pack in the background, from where an interrupted pull ended"),
    body: Api.PullRequest,
  },
  "POST /api/v1/models/:name/cancel": pack("Stop; what was fetched is kept"),
  "POST /api/v1/models/:name/verify": pack("Check an installed pack's files in the background"),
  "POST /api/v1/models/:name/use": {
    summary: "Work with an installed pack, and start the run over the library that this takes",
    path: Api.PackParam,
    replies: { 200: Api.PackUse },
  },
  "GET /api/v1/settings": all(
    "What is set for the whole installation, and who did it",
    Api.Settings,
  ),
  "PUT /api/v1/settings": all(
    "Set the hours of work; sessions wait outside them",
    Api.Settings,
    { body: Api.SettingsChange },
  ),
  ...PEOPLE_OPERATIONS,
  "GET /api/v1/duplicates": all(
    "Files of the same bytes and photos of the same look, in groups; nothing is deleted",
    DuplicatesPage,
    { query: DuplicatesQuery },
  ),
  "GET /api/v1/photos/:id": one(
    "A photo with its files, faces, copies and neighbours in time",
    PhotoWithCopies,
  ),
  "GET /api/v1/photos/:id/thumbnail": picture("Up to 480 px high", "image/webp"),
  "GET /api/v1/photos/:id/preview": picture("Up to 1440 px on the longer side", "image/jpeg"),
  "GET /api/v1/faces/:id/crop": picture("A face, cut out square", "image/webp"),
  "GET /api/v1/health": all("The process answers", Api.Health),
  "GET /api/v1/ready": all("The database answers too; 503 if not", Api.Ready),
  "GET /api/v1/openapi.json": all("This document", z.looseObject({})),
};

/** The OpenAPI 3.1 document, made of the schemas the handlers check with. */
export function openApiDocument(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [key, operation] of Object.entries(OPERATIONS)) {
    const [method, route] = key.split(" ");
    const path = route.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][method.toLowerCase()] = {
      summary: operation.summary,
      parameters: [
        ...parameters("path", operation.path),
        ...parameters("query", operation.query),
      ],
      ...(operation.body
        ? {
          requestBody: {
            // Without a body, a handler checks an empty object.
            required: !operation.body.safeParse({}).success,
            content: json(operation.body, "input"),
          },
        }
        : {}),
      ...(operation.upload
        ? {
          requestBody: {
            required: true,
            content: Object.fromEntries(operation.upload.map((type) => [type, {}])),
          },
        }
        : {}),
      responses: {
        ...Object.fromEntries(
          Object.entries(operation.replies).map(([status, reply]) => [status, response(reply)]),
        ),
        default: { description: "A fault, in the one shape", content: json(Api.ErrorBody) },
      },
    };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Safelight", version: "1", license: { name: "MIT", identifier: "MIT" } },
    paths,
  };
}

function response(reply: Reply): Record<string, unknown> {
  if (reply === null) return { description: "Nothing follows" };
  const replies = [reply].flat();
  const schemas = replies.filter((one) => typeof one !== "string");
  const types = replies.filter((one) => typeof one === "string");
  return {
    description: "As asked",
    content: {
      ...(schemas.length > 0 ? json(schemas.length === 1 ? schemas[0] : z.union(schemas)) : {}),
      ...Object.fromEntries(types.map((type) => [type, {}])),
    },
  };
}

const json = (schema: ZodType, io: "input" | "output" = "output") => ({
  "application/json": { schema: toSchema(schema, io) },
});

function parameters(place: "path" | "query", schema?: ZodType): Record<string, unknown>[] {
  if (!schema) return [];
  const { properties, required } = toSchema(schema, "input") as {
    properties: Record<string, { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    description,
    required: place === "path" || (required?.includes(name) ?? false),
    schema: rest,
  }));
}

function toSchema(schema: ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: "draft-2020-12" });
  return rest;
}

export const openApiRoutes = new Hono<Env>()
  .get("/openapi.json", (c) => c.json(openApiDocument()));
