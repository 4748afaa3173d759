import { number } from "./format.ts";

export interface FolderView {
  name: string;
  path: string;
  /** What the form sends: relative to the folder shown, "." for that folder itself. */
  value: string;
  imageCount: number | null;
  counting: boolean;
  atLeast: boolean;
  /** Where its count goes on the page. */
  countId: string;
}

export function FolderRow({ folder, checked, href }: {
  folder: FolderView;
  checked: boolean;
  href?: string;
}) {
  return (
    <li>
      <label class="check">
        <input type="checkbox" name="folder" value={folder.value} checked={checked} />{" "}
        <span>{folder.value === "." ? "This folder itself" : folder.name}</span>
      </label>
      <FolderCount folder={folder} />
      {href && <a href={href} aria-label={`Open ${folder.name}`}>Open</a>}
    </li>
  );
}

/** Swapped into its place alone, so that a poll never touches a box somebody is about to tick. */
export function FolderCount({ folder, swap }: { folder: FolderView; swap?: boolean }) {
  const { imageCount, counting, atLeast } = folder;
  const text = imageCount === null
    ? (counting ? "counting…" : "not readable")
    : `${number(imageCount)}${atLeast ? "+" : ""}`;
  return (
    <span
      id={folder.countId}
      class={imageCount === 0 ? "count none" : "count"}
      {...(swap ? { "hx-swap-oob": "true" } : {})}
    >
      {text}
      {imageCount !== null && <small>{imageCount === 1 ? " picture" : " pictures"}</small>}
    </span>
  );
}

/** Asks for the counts until all are known, then asks no more. */
export function StillCounting({ path, counting }: { path: string; counting: boolean }) {
  const polling = counting
    ? {
      "hx-get": `/sessions/new/counts?path=${encodeURIComponent(path)}`,
      "hx-trigger": "every 1s",
      "hx-swap": "outerMorph",
      "hx-sync": "this:drop",
      "hx-config": "timeout:10s",
    }
    : {};
  return (
    <p id="counting" class="facts" {...polling}>
      {counting ? "Counting pictures; there is no need to wait." : ""}
    </p>
  );
}

/** The answer to that poll. */
export function FolderCounts({ path, folders }: { path: string; folders: FolderView[] }) {
  return (
    <>
      <StillCounting path={path} counting={folders.some((folder) => folder.counting)} />
      {folders.map((folder) => <FolderCount folder={folder} swap />)}
    </>
  );
}
