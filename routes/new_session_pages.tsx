import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import { createSession } from "../jobs/lifecycle.ts";
import type { FolderView } from "../views/folder_rows.tsx";
import { FolderCounts } from "../views/folder_rows.tsx";
import { type NewSessionForm, NewSessionPage } from "../views/new_session_page.tsx";
import { actor } from "./actor.ts";
import { DirectoryQuery, NewSession } from "./api_schemas.ts";
import { lookInto } from "./directories.ts";
import type { Env } from "./env.ts";
import { describeError } from "./errors.tsx";
import { Fault } from "./fault.ts";
import { checkFolders, relativeFolders, startFolder } from "./folders.ts";
import { startChecked } from "./start_checked.ts";
import { validate } from "./validate.ts";

const EMPTY: NewSessionForm = {
  name: "",
  chosen: [],
  recursive: true,
  skipFaceDetection: false,
  skipClustering: false,
};

/** /sessions/new: the folder chooser. */
export const newSessionPages = new Hono<Env>()
  .get("/", validate("query", DirectoryQuery), async (c) => {
    const start = await startFolder();
    const path = c.req.valid("query").path ?? start;
    try {
      return await chooser(c, path, { form: EMPTY });
    } catch (error) {
      // A wrong path is answered with its reason and a folder from which to go on.
      const { status, body } = describeError(error);
      return await chooser(c, start, { form: EMPTY, error: body.error.message, status });
    }
  })
  .get("/counts", validate("query", DirectoryQuery), async (c) => {
    const path = c.req.valid("query").path ?? await startFolder();
    return c.html(
      <FolderCounts path={path} folders={folderViews(await lookInto(c.var.counter, path))} />,
    );
  });

/** POST /sessions: makes the session and, if asked to, starts it. */
export async function createFromForm(c: Context<Env>): Promise<Response> {
  const body = await c.req.parseBody({ all: true });
  const chosen = [body.folder ?? []].flat().filter((value) => typeof value === "string");
  const form: NewSessionForm = {
    name: typeof body.name === "string" ? body.name : "",
    chosen,
    recursive: body.recursive !== undefined,
    skipFaceDetection: body.skipFaceDetection !== undefined,
    skipClustering: body.skipClustering !== undefined,
  };
  const { db } = c.var.database;
  const rootPath = typeof body.rootPath === "string" ? body.rootPath : "";
  const wanted = NewSession.safeParse({
    ...form,
    name: form.name.trim() || basename(rootPath) || "All pictures",
    rootPath,
    subdirectories: chosen,
  });
  try {
    if (!wanted.success) throw new Fault(400, "invalid_request", wanted.error.issues[0].message);
    if (chosen.length === 0) {
      throw new Fault(400, "no_folders", "Choose at least one folder to include");
    }
    const subdirectories = relativeFolders(rootPath, chosen);
    await checkFolders(subdirectories.map((folder) => resolve(rootPath, folder)));
    const id = await createSession(db, { ...wanted.data, subdirectories, ...actor(c) });
    if (body.then === "start") await startChecked(db, id, actor(c));
    return c.redirect(`/sessions/${id}`, 303);
  } catch (error) {
    const { status, body: { error: { message } } } = describeError(error);
    if (status >= 500) throw error;
    const known = await Deno.stat(rootPath).then((found) => found.isDirectory, () => false);
    const path = known ? rootPath : await startFolder();
    return await chooser(c, path, { form, error: message, status });
  }
}

async function chooser(
  c: Context<Env>,
  path: string,
  { form, error, status }: {
    form: NewSessionForm;
    error?: string;
    status?: ContentfulStatusCode;
  },
): Promise<Response> {
  const folder = await lookInto(c.var.counter, path);
  return c.html(
    <NewSessionPage
      path={folder.path}
      parent={folder.parent}
      folders={folderViews(folder)}
      truncated={folder.truncated}
      form={form}
      error={error ?? null}
    />,
    status ?? 200,
  );
}

/** The folder itself and the folders in it, with ids for their counts. */
function folderViews(folder: Awaited<ReturnType<typeof lookInto>>): FolderView[] {
  const view = (child: (typeof folder.children)[number], value: string): FolderView => ({
    ...child,
    value,
    countId: `count-${createHash("sha256").update(child.path).digest("hex").slice(0, 12)}`,
  });
  const { path, imageCount, counting, atLeast } = folder;
  return [
    view({ name: basename(path), path, imageCount, counting, atLeast }, "."),
    ...folder.children.map((child) => view(child, child.name)),
  ];
}
