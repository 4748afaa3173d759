import type { ChangeRow } from "../db/change_queries.ts";
import { Deed } from "./deed.tsx";
import { Time } from "./parts.tsx";
import { PeopleLayout } from "./people_layout.tsx";
import type { Frame } from "./people_view.ts";

/** What was done to people and faces, the newest first, each with its way back. */
export function ChangesPage({ changes, before, next, frame }: {
  changes: ChangeRow[];
  before: number | null;
  next: number | null;
  frame: Frame;
}) {
  return (
    <PeopleLayout title="Changes" tab="changes" frame={frame} keys={[]}>
      <h1>Changes</h1>
      {changes.length === 0 && (
        <p class="lead">
          {before === null
            ? "Nobody has named, moved or hidden anybody yet."
            : "There are no earlier ones."}
        </p>
      )}
      <ol class="changes">
        {changes.map((change) => (
          <li id={`change-${change.id}`} class={change.undoneAt ? "undone" : undefined} data-row>
            <Time at={change.at} now={frame.now} />
            <p>
              {change.message} <small class="muted">{change.by}</small>
            </p>
            {change.undoneAt
              ? (
                <small class="muted">
                  taken back <Time at={change.undoneAt} now={frame.now} />
                </small>
              )
              : (
                <Deed to="/changes/undo" here={frame.here}>
                  <button
                    type="submit"
                    class="quiet"
                    name="changeId"
                    value={change.id}
                    aria-label={`Undo: ${change.message}`}
                  >
                    Undo
                  </button>
                </Deed>
              )}
          </li>
        ))}
      </ol>
      {(next !== null || before !== null) && (
        <nav class="pager" aria-label="Pages">
          {before !== null && <a class="button" href="/changes">The latest</a>}
          {next !== null && <a class="button" href={`/changes?before=${next}`}>Earlier ones</a>}
        </nav>
      )}
    </PeopleLayout>
  );
}
