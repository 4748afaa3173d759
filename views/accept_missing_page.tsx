import type { SessionRow } from "../db/session_queries.ts";
import { Layout } from "./layout.tsx";

/** What "they are really gone" will do, before it does. */
export function AcceptMissingPage({ session }: { session: SessionRow }) {
  const at = `/sessions/${session.id}`;
  const waits = session.hold !== null;
  return (
    <Layout title={`Missing files of ${session.name}`} place="sessions">
      <p class="crumbs">
        <a href={at}>{session.name}</a>
      </p>
      <h1>Are the files really gone?</h1>
      <p class="note">{waits ? session.holdMessage : session.error}</p>
      <p>
        If their disk is only not connected, connect it{" "}
        {waits ? "and wait: the run goes on by itself." : "and start the session again."}
      </p>
      <p>
        If the files were deleted or moved away, the session can go on without them. {waits
          ? "What it has not read yet is tried once more; what is not there is listed as failed, with that reason."
          : "Its folders are looked through again, and the library marks every file as missing that is not there."}
        {" "}
        Nothing is deleted on any disk, and what was found in photos before stays in the library.
        Files that come back are found by the next session over their folder.
      </p>
      <form method="post" action={`${at}/accept-missing`} class="actions">
        <button type="submit" class="danger">They are really gone, go on</button>
        <a class="button" href={at}>Back</a>
      </form>
    </Layout>
  );
}
