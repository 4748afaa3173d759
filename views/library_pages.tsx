import type { PhotoTile } from "../db/photo_queries.ts";
import { Layout } from "./layout.tsx";
import { PhotoGrid } from "./photo_grid.tsx";

const TABS = [
  { tab: "photos", href: "/photos", title: "All photos" },
  { tab: "duplicates", href: "/duplicates", title: "Duplicates" },
] as const;

/** Links between the lists of the library. */
export function LibraryTabs({ current }: { current: typeof TABS[number]["tab"] }) {
  return (
    <nav class="filters tabs" aria-label="Photos">
      {TABS.map(({ tab, href, title }) => (
        <a href={href} aria-current={tab === current ? "page" : undefined}>{title}</a>
      ))}
    </nav>
  );
}

/** The photos of the library, newest first. */
export function PhotosPage({ photos, nextCursor }: {
  photos: PhotoTile[];
  nextCursor: number | null;
}) {
  return (
    <Layout title="Photos" place="photos">
      <LibraryTabs current="photos" />
      <h1>Photos</h1>
      {photos.length === 0
        ? (
          <p>
            The library is empty. <a href="/sessions/new">Start a session</a> over a folder.
          </p>
        )
        : <PhotoGrid photos={photos} label="Photos, newest first" />}
      {nextCursor !== null && (
        <p>
          <a class="button" href={`/photos?before=${nextCursor}`}>Older photos</a>
        </p>
      )}
    </Layout>
  );
}
