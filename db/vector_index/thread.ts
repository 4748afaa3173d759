/// <reference lib="deno.worker" />
import { configureLog, type LogSettings } from "../../log.ts";
import type { Reply } from "../../models/thread.ts";
import { code, isConnectionFault } from "../client.ts";
import { loadHnswlib } from "./addon.ts";
import { createFollower, type Follower } from "./follower.ts";
import type { Select } from "./id_list.ts";
import type { IndexSettings } from "./library_index.ts";

/** What the main thread asks for; the first message opens the thread. */
export type Request =
  | { op: "open"; log: LogSettings } & IndexSettings
  | { op: "catchUp" }
  | { op: "progress" }
  | { op: "search"; vector: Float32Array; k: number; among: Select | null }
  | { op: "close" };

/** An answer, or a database that did not answer: errors lose their code between threads. */
export type Outcome<Result> = { result: Result } | { unreachable: string; message: string };

let follower: Follower;

// Searches do not wait for one another's questions to the database; what a message does without
// waiting (comparing vectors, a portion of the graph) is done before the next is looked at.
self.onmessage = async ({ data: { id, ...request } }: MessageEvent<Request & { id: number }>) => {
  const answered = answer(id, request as Request);
  pending.add(answered);
  await answered;
  pending.delete(answered);
  if (request.op !== "close") return;
  // Whoever asked before gets an answer.
  await Promise.all(pending);
  self.close();
};

const pending = new Set<Promise<void>>();

async function answer(id: number, request: Request): Promise<void> {
  try {
    const result = await orUnreachable(() => carryOut(request));
    self.postMessage({ id, result } satisfies Reply);
  } catch (error) {
    const plain = error instanceof Error ? error : new Error(String(error));
    self.postMessage({ id, error: plain, name: plain.name } satisfies Reply);
  }
}

async function carryOut(request: Request): Promise<unknown> {
  switch (request.op) {
    case "open":
      configureLog(request.log.config, request.log.fields);
      follower = createFollower({ ...request, library: loadHnswlib() });
      return null;
    case "catchUp":
      return await follower.catchUp();
    case "progress":
      return follower.progress();
    case "search":
      return await follower.search(request.vector, request.k, request.among);
    case "close":
      return await follower.close();
  }
}

async function orUnreachable(act: () => Promise<unknown>): Promise<Outcome<unknown>> {
  try {
    return { result: await act() };
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    if (!isConnectionFault(cause)) throw error;
    return { unreachable: code(cause), message: (error as Error).message };
  }
}
