import type { PhotoTile } from "../db/photo_queries.ts";
import { Layout } from "./layout.tsx";
import { PhotoGrid } from "./photo_grid.tsx";

export function PhotosPage({ photos, nextCursor }: {
  photos: PhotoTile[];
  nextCursor: number | null;
}) {
  return (
    <Layout title="Photos" place="photos">
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
