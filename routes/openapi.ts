import { Hono } from "hono";
import { z, type ZodType } from "zod";
import * as Api from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { FailurePage, FailureQuery } from "./failure_schemas.ts";
import { Found, SearchQuery } from "./search_schemas.ts";

interface Operation {
  summary: string;
  path?: ZodType;
  query?: ZodType;
  body?: ZodType;
  /** Status to schema (JSON), media type (a picture) or null (no body). */
  replies: Record<number, ZodType | string | null>;
}

const byId = Api.IdParam;
const transition = (summary: string): Operation => ({
  summary,
  path: byId,
  replies: { 200: Api.Transition },
});

/** Every route of the API under its method and path; a test holds it against the routes there are. */
export const OPERATIONS: Record<string, Operation> = {
  "POST /api/v1/training/sessions": {
    summary: "Make a session; nothing runs before it is started",
    body: Api.NewSession,
    replies: { 201: Api.Session },
  },
  "GET /api/v1/training/sessions": {
    summary: "Sessions, newest first",
    query: Api.PageQuery,
    replies: { 200: Api.SessionPage },
  },
  "GET /api/v1/training/sessions/:id": {
    summary: "One session",
    path: byId,
    replies: { 200: Api.Session },
  },
  "PATCH /api/v1/training/sessions/:id": {
    summary: "Change the name, or the folders while the session is pending",
    path: byId,
    body: Api.SessionPatch,
    replies: { 200: Api.Session },
  },
  "DELETE /api/v1/training/sessions/:id": {
    summary: "Delete a session; photos and what was found in them stay",
    path: byId,
    replies: { 204: null },
  },
  "POST /api/v1/training/sessions/:id/start": transition(
    "Check the folders and start; answers at once, an active session is left as it is",
  ),
  "POST /api/v1/training/sessions/:id/pause": transition("Pause"),
  "POST /api/v1/training/sessions/:id/resume": transition("Go on after a pause"),
  "POST /api/v1/training/sessions/:id/cancel": transition("Cancel; what was finished is kept"),
  "POST /api/v1/training/sessions/:id/accept-missing": transition(
    "Missing files are really gone: go on without them; only where a session misses files",
  ),
  "POST /api/v1/training/sessions/:id/retry": {
    summary: "Try failed items again, those named or all, in a new round",
    path: byId,
    body: Api.RetryRequest,
    replies: { 200: Api.Asked },
  },
  "POST /api/v1/training/sessions/:id/ignore": {
    summary: "Leave failed items alone, those named or all, until their files change",
    path: byId,
    body: Api.IgnoreRequest,
    replies: { 200: Api.Asked },
  },
  "POST /api/v1/training/sessions/:id/phases/:phase/:action": {
    summary: "Pause, resume, cancel or retry one phase; a cancelled one lets the next go on",
    path: Api.PhaseActionParam,
    replies: { 200: Api.Transition },
  },
  "GET /api/v1/training/sessions/:id/progress-unified": {
    summary: "One percentage over all the work, and the phases behind it",
    path: byId,
    replies: { 200: Api.UnifiedProgress },
  },
  "GET /api/v1/training/sessions/:id/progress": {
    summary: "The training phase alone",
    path: byId,
    replies: { 200: Api.TrainingProgress },
  },
  "GET /api/v1/sessions/:id/items": {
    summary: "The files behind a figure of the ledger, with the reasons",
    path: byId,
    query: Api.ItemQuery,
    replies: { 200: Api.ItemPage },
  },
  "GET /api/v1/sessions/:id/timeline": {
    summary: "A session over time: phases with pauses, throughput, errors and events",
    path: byId,
    query: Api.CursorQuery,
    replies: { 200: Api.Timeline },
  },
  "POST /api/v1/face-sessions": {
    summary: "Find faces again in what was read before, and start at once; each request is a run",
    body: Api.NewFaceRun,
    replies: { 201: Api.FaceSession },
  },
  "POST /api/v1/clustering-sessions": {
    summary: "Group the library's faces again, and start at once; each request is a run",
    body: Api.NewClusteringRun,
    replies: { 201: Api.Session },
  },
  "GET /api/v1/sessions/:id/failures": {
    summary: "What failed, why, and every attempt; page by page, or all of it as a file",
    path: byId,
    query: FailureQuery,
    replies: { 200: FailurePage },
  },
  "GET /api/v1/history": {
    summary: "Sessions that have ended, newest first, their rates beside what is usual",
    query: Api.HistoryQuery,
    replies: { 200: Api.History },
  },
  "GET /api/v1/face-sessions": {
    summary: "The face side of every session that looks for faces, newest first",
    query: Api.PageQuery,
    replies: { 200: Api.FaceSessionPage },
  },
  "GET /api/v1/face-sessions/:id": {
    summary: "The face side of one session",
    path: byId,
    replies: { 200: Api.FaceSession },
  },
  "GET /api/v1/directories": {
    summary: "The folders in a folder; picture counts are filled in as they come",
    query: Api.DirectoryQuery,
    replies: { 200: Api.Directory },
  },
  "GET /api/v1/search": {
    summary: "Photos by what they show, the most similar first",
    query: SearchQuery,
    replies: { 200: Found },
  },
  "GET /api/v1/workers": {
    summary: "Who works on what, and what lately happened to workers",
    replies: { 200: Api.WorkerList },
  },
  "GET /api/v1/settings": {
    summary: "What is set for the whole installation, and who did it",
    replies: { 200: Api.Settings },
  },
  "PUT /api/v1/settings": {
    summary: "Set the hours of work; sessions wait outside them",
    body: Api.SettingsChange,
    replies: { 200: Api.Settings },
  },
  "GET /api/v1/photos/:id": {
    summary: "A photo with its files, faces and duplicates",
    path: byId,
    replies: { 200: Api.Photo },
  },
  "GET /api/v1/photos/:id/thumbnail": {
    summary: "Up to 480 px high",
    path: byId,
    replies: { 200: "image/webp", 304: null },
  },
  "GET /api/v1/photos/:id/preview": {
    summary: "Up to 1440 px on the longer side",
    path: byId,
    replies: { 200: "image/jpeg", 304: null },
  },
  "GET /api/v1/faces/:id/crop": {
    summary: "A face, cut out square",
    path: byId,
    replies: { 200: "image/webp", 304: null },
  },
  "GET /api/v1/health": { summary: "The process answers", replies: { 200: Api.Health } },
  "GET /api/v1/ready": {
    summary: "The database answers too; 503 if not",
    replies: { 200: Api.Ready },
  },
  "GET /api/v1/openapi.json": { summary: "This document", replies: { 200: z.looseObject({}) } },
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
      ...(operation.body ? { requestBody: { content: json(operation.body, "input") } } : {}),
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

function response(reply: ZodType | string | null): Record<string, unknown> {
  if (reply === null) return { description: "Nothing follows" };
  if (typeof reply === "string") return { description: "A picture", content: { [reply]: {} } };
  return { description: "As asked", content: json(reply) };
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
