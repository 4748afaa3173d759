import { type CopyGroup } from "../db/copy_groups.ts";
import type { DuplicatePage, DuplicateTotal } from "../db/duplicate_queries.ts";
import type { Likeness } from "../db/likeness.ts";
import { bytes, fileName, number, several } from "./format.ts";
import { LibraryTabs } from "./library_pages.tsx";
import { Layout } from "./layout.tsx";
import { GroupPhotos } from "./photo_copies.tsx";

export interface DuplicatesQuery {
  kind?: Likeness;
  folder?: string;
  cursor: string;
}

const KINDS: { kind?: Likeness; title: string }[] = [
  { title: "All" },
  { kind: "exact", title: "Exact copies" },
  { kind: "reencode", title: "Re-encoded" },
  { kind: "near", title: "Near" },
];

/** The address of the list, or of what hangs on it, with these filters. */
function addressOf(
  { kind, folder, cursor }: Partial<DuplicatesQuery>,
  path = "/duplicates",
): string {
  const query = new URLSearchParams(
    Object.entries({ kind, folder, cursor }).filter((entry): entry is [string, string] =>
      entry[1] !== undefined && entry[1] !== ""
    ),
  );
  return `${path}${query.size > 0 ? `?${query}` : ""}`;
}

/**
 * Files and photos that are the same picture, group by group, with what differs. `fault`: what is wrong
 * with the folder, if nothing was looked for.
 */
export function DuplicatesPage({ query, page, fault, now }: {
  query: DuplicatesQuery;
  page: DuplicatePage | null;
  fault?: string;
  now: Date;
}) {
  const { groups, next } = page ?? { groups: [], next: null };
  const isFirst = query.cursor === "";
  return (
    <Layout title="Duplicates" place="photos">
      <LibraryTabs current="duplicates" />
      <div class="title">
        <h1>Duplicates</h1>
        {(groups.length > 0 || next !== null) && <Exports query={query} />}
      </div>
      <p class="purpose">
        Files of the same bytes, and photos of the same look. Others are compared with the first of
        a group: that is no advice which to keep. Safelight deletes nothing; the list can be
        exported.
      </p>
      <Filters query={query} fault={fault} />
      {groups.length > 0 && isFirst && <Total query={query} />}
      {groups.length > 0 && (
        <ol class="groups" aria-label="Groups of duplicates">
          {groups.map((group) => <Group group={group} now={now} />)}
        </ol>
      )}
      {page && groups.length === 0 && <Nothing query={query} next={next} />}
      {page && (next !== null || !isFirst) && (
        <nav class="pager" aria-label="Pages">
          {!isFirst && <a class="button" href={addressOf({ ...query, cursor: "" })}>First page</a>}
          {next !== null && (
            <a class="button" rel="next" href={addressOf({ ...query, cursor: String(next) })}>
              {groups.length === 0 ? "Look further" : "Next page"}
            </a>
          )}
        </nav>
      )}
    </Layout>
  );
}

function Exports({ query }: { query: DuplicatesQuery }) {
  const at = addressOf({ ...query, cursor: "" }, "/duplicates/export");
  const to = (format: string) => `${at}${at.includes("?") ? "&" : "?"}format=${format}`;
  return (
    <div class="exports">
      <a class="button" href={to("csv")} download>Export as CSV</a>
      <a class="button" href={to("json")} download>Export as JSON</a>
    </div>
  );
}

function Filters({ query: { kind, folder }, fault }: { query: DuplicatesQuery; fault?: string }) {
  return (
    <>
      <nav class="filters" aria-label="Kinds of duplicates">
        {KINDS.map((one) => (
          <a
            href={addressOf({ kind: one.kind, folder: fault ? undefined : folder })}
            aria-current={one.kind === kind ? "true" : undefined}
          >
            {one.title}
          </a>
        ))}
      </nav>
      <form method="get" action="/duplicates" class="in-folder">
        {kind && <input type="hidden" name="kind" value={kind} />}
        <label for="folder">In the folder</label>
        <input
          type="text"
          id="folder"
          name="folder"
          value={folder}
          placeholder="/photos/2019"
          autocomplete="off"
          spellcheck={false}
          aria-invalid={fault ? "true" : undefined}
          aria-describedby={fault ? "folder-fault" : undefined}
        />
        <button type="submit">Show</button>
        {folder && <a href={addressOf({ kind })}>All folders</a>}
      </form>
      {fault && <p class="fault" role="alert" id="folder-fault">The folder {fault}.</p>}
    </>
  );
}

/** Counted after the page is there: it may take half a second. Without scripts, by who wants to know. */
function Total({ query }: { query: DuplicatesQuery }) {
  const address = addressOf({ ...query, cursor: "" }, "/duplicates/total");
  return (
    <p
      class="lead"
      id="total"
      role="status"
      hx-get={address}
      hx-trigger="load"
      hx-swap="innerHTML"
    >
      <a href={address}>How much there is in all</a>
    </p>
  );
}

/** The same as a page of its own, for browsers without scripts. */
export function DuplicatesTotalPage({ query, total }: {
  query: Omit<DuplicatesQuery, "cursor">;
  total: DuplicateTotal;
}) {
  const { kind, folder } = query;
  const title = KINDS.find((one) => one.kind === kind)!.title;
  return (
    <Layout title="Duplicates in all" place="photos">
      <LibraryTabs current="duplicates" />
      <h1>Duplicates in all</h1>
      <p class="purpose">
        {title}
        {folder && ` in the folder ${folder}`}
      </p>
      <p class="lead">
        <DuplicatesTotal total={total} />
      </p>
      <p>
        <a href={addressOf(query)}>The groups</a>
      </p>
    </Layout>
  );
}

/** How much there is in all, as far as it was counted. */
export function DuplicatesTotal({ total }: { total: DuplicateTotal }) {
  const { groups, files, spareBytes, atLeast } = total;
  return (
    <>
      <span>
        {atLeast && "At least "}
        <b>{several(groups, "group")}</b> of {number(files)} files
      </span>
      <span>{bytes(spareBytes)} beyond one file of each picture</span>
    </>
  );
}

function Group({ group, now }: { group: CopyGroup; now: Date }) {
  const { photos, morePhotos, spareBytes } = group;
  const present = photos.flatMap(({ files }) => files.filter((file) => !file.missing));
  const name = present.length > 0 ? fileName(present[0].path) : `photo ${group.id}`;
  const more = (morePhotos || photos.some(({ moreFiles }) => moreFiles)) && "at least ";
  return (
    <li class="card" id={`group-${group.id}`}>
      <div class="head">
        <h2>{name}</h2>
        <p class="facts">
          <span>
            {more}
            {several(present.length, "file")}
          </span>
          {spareBytes > 0 && (
            <span>
              {more}
              {bytes(spareBytes)} beyond one of each picture
            </span>
          )}
        </p>
      </div>
      <GroupPhotos first={photos[0]} photos={photos} now={now} />
    </li>
  );
}

function Nothing({ query, next }: { query: DuplicatesQuery; next: number | null }) {
  if (next !== null) {
    return <p>None so far: the library is large, and there is more of it to look through.</p>;
  }
  if (query.cursor !== "") return <p>There are no more.</p>;
  return query.kind || query.folder
    ? <p>Nothing in the library is like that.</p>
    : <p>Nothing in the library is there twice.</p>;
}
