import type { SessionRow } from "../db/session_queries.ts";
import { Layout } from "./layout.tsx";

export function DeletePage({ session }: { session: SessionRow }) {
  return (
    <Layout title={`Delete ${session.name}`} place="sessions">
      <h1>Delete “{session.name}”?</h1>
      <p>
        The session and its list of files disappear. Your pictures are not touched, and what was
        found in them (photos, faces, clusters) stays in the library.
      </p>
      <form method="post" action={`/sessions/${session.id}/delete`} class="actions">
        <button type="submit" class="danger">Delete the session</button>
        <a class="button" href={`/sessions/${session.id}`}>Keep it</a>
      </form>
    </Layout>
  );
}
