import { Hono } from "hono";
import { isAbsolute, join, resolve } from "node:path";
import type { z } from "zod";
import { type Directory, DirectoryQuery } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";
import type { FolderCounter } from "./folder_counter.ts";
import { folderFault, startFolder } from "./folders.ts";
import { parentOf } from "./shapes.ts";
import { validate } from "./validate.ts";

/** /api/v1/directories */
export const directoryRoutes = new Hono<Env>()
  .get("/", validate("query", DirectoryQuery), async (c) => {
    const path = c.req.valid("query").path ?? await startFolder();
    return c.json(await lookInto(c.var.counter, path));
  });

/**
 * A folder and the folders in it, each with what is known of its pictures; both come from the
 * counter's thread. Throws a Fault for a path that is not absolute, missing or not readable.
 */
export async function lookInto(
  counter: FolderCounter,
  path: string,
): Promise<z.infer<typeof Directory>> {
  if (!isAbsolute(path)) {
    throw new Fault(400, "path_not_absolute", `path is "${path}": give the full path`, { path });
  }
  const folder = resolve(path);
  try {
    const { folders, truncated } = await counter.list(folder);
    const children = folders.map((name) => {
      const child = join(folder, name);
      return { name, path: child, ...counter.count(child) };
    });
    return {
      path: folder,
      parent: parentOf(folder),
      ...counter.count(folder),
      children,
      truncated,
    };
  } catch (error) {
    throw folderFault(folder, error);
  }
}
