import { several } from "./format.ts";
import { Pages } from "./pages.tsx";
import { DemoNote } from "./parts.tsx";
import { ROW_KEYS } from "./people_page.tsx";
import type { Keys } from "./key_help.tsx";
import { PeopleLayout } from "./people_layout.tsx";
import type { Frame } from "./people_view.ts";
import { RowForm, RowQuestion, type UnnamedRow } from "./unnamed_row.tsx";

/** Of a row that is alone, and of several lines. */
const KEYS: Keys = [
  [["←", "→", "↑", "↓"], "go through the faces"],
  ...ROW_KEYS.filter(([[key]]) => !["←", "↑", "V", "M"].includes(key)),
];

/** Everything of one cluster, a page of faces at a time. */
export function ClusterPage({ row, page, pages, builtin, frame }: {
  row: UnnamedRow;
  page: number;
  pages: number;
  builtin: boolean;
  frame: Frame;
}) {
  const at = `/clusters/${row.id}`;
  return (
    <PeopleLayout
      title={row.title}
      frame={frame}
      keys={KEYS}
      asksInRow
    >
      <p class="crumbs">
        <a href="/people">People</a>
      </p>
      <h1>{row.title}</h1>
      <p class="lead">
        {several(row.size, "face")}
        {pages > 1 && `, the best first, page ${page} of ${pages}`}
      </p>
      {builtin && <DemoNote />}
      <div class="row alone" data-row data-grid id={`clusters-${row.id}`}>
        <RowQuestion row={row} frame={frame} />
        <RowForm row={row} frame={frame} />
      </div>
      <Pages page={page} pages={pages} at={at} before="Better ones" after="More faces" />
    </PeopleLayout>
  );
}
