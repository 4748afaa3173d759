import { Time } from "./parts.tsx";
import { Layout } from "./layout.tsx";
import { RunScope } from "./run_scope.tsx";
import { SessionProgress, type SessionView } from "./session_progress.tsx";
import { isLive } from "./words.ts";

export function SessionPage(view: SessionView) {
  const { session, progress, now } = view;
  return (
    <Layout
      title={session.name}
      place="sessions"
      refresh={isLive(progress.overallStatus) || progress.hold !== null}
    >
      <p class="crumbs">
        <a href="/sessions">Sessions</a>
      </p>
      <h1>{session.name}</h1>
      <p class="lead">
        <RunScope session={session} />
        <span class="when">
          made <Time at={session.createdAt} now={now} />
          {session.round > 1 && `, round ${session.round}`}
        </span>
        <a href={`/sessions/${session.id}/timeline`}>Timeline</a>
      </p>
      <SessionProgress {...view} />
    </Layout>
  );
}
