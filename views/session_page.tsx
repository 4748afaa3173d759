import { Time } from "./parts.tsx";
import { Layout } from "./layout.tsx";
import { SessionProgress, type SessionView } from "./session_progress.tsx";
import { isLive } from "./words.ts";

/** Folders named on the page before "and n more". */
const FOLDERS_SHOWN = 8;

export function SessionPage(view: SessionView) {
  const { session, progress, now } = view;
  const folders = session.subdirectories.slice(0, FOLDERS_SHOWN);
  const more = session.subdirectories.length - folders.length;
  return (
    <Layout title={session.name} place="sessions" refresh={isLive(progress.overallStatus)}>
      <p class="crumbs">
        <a href="/sessions">Sessions</a>
      </p>
      <h1>{session.name}</h1>
      <p class="lead">
        <span class="path">{session.rootPath}</span>
        {folders.filter((folder) => folder !== "").map((folder) => <span class="tag">{folder}
        </span>)}
        {more > 0 && <span>and {more} more folders</span>}
        <span class="when">
          made <Time at={session.createdAt} now={now} />
          {session.round > 1 && `, round ${session.round}`}
        </span>
      </p>
      <SessionProgress {...view} />
    </Layout>
  );
}
