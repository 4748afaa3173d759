import type { RunSettings } from "../db/schema.ts";
import type { SessionRow } from "../db/session_queries.ts";
import { number } from "./format.ts";

/** Folders named on the page before "and n more". */
const FOLDERS_SHOWN = 8;

/** What a session is about: its folders, or the pictures of another session, or the whole library. */
export function RunScope({ session }: { session: SessionRow }) {
  const folders = session.subdirectories.slice(0, FOLDERS_SHOWN);
  const more = session.subdirectories.length - folders.length;
  return (
    <>
      <span class={isOverLibrary(session) ? undefined : "path"}>{placeOf(session)}</span>
      {folders.filter((folder) => folder !== "").map((folder) => <span class="tag">{folder}</span>)}
      {more > 0 && <span>and {number(more)} more folders</span>}
      {session.kind === "faces" && session.sourceSessionId !== null && (
        <a href={`/sessions/${session.sourceSessionId}`}>The session it repeats</a>
      )}
      {settingsInWords(session.settings).map((setting) => <span class="tag">{setting}</span>)}
    </>
  );
}

const isOverLibrary = (session: SessionRow) =>
  session.kind !== "folders" && session.sourceSessionId === null;

/** Where the pictures of a session are, in one line. */
export const placeOf = (session: SessionRow) =>
  isOverLibrary(session) ? "The whole library" : session.rootPath;

/** What a run was told instead of the defaults. */
function settingsInWords(settings: RunSettings): string[] {
  const words: [number | undefined, (value: number) => string][] = [
    [settings.minFaceScore, (value) => `confidence ${value} or more`],
    [settings.minFaceSize, (value) => `faces from ${value} pixels`],
    [settings.minClusterSize, (value) => `${value} faces or more a person`],
    [settings.similarityFloor, (value) => `similarity ${value} or more`],
    [settings.minQuality, (value) => `quality ${value} or more`],
  ];
  return words.flatMap(([value, say]) => value === undefined ? [] : [say(value)]);
}
