import type { ClusterRow } from "../db/cluster_queries.ts";
import type { PhotoTile } from "../db/photo_queries.ts";
import { ClusterRows, Faces } from "./cluster_rows.tsx";
import { several } from "./format.ts";
import { Layout } from "./layout.tsx";
import { Pager } from "./pager.tsx";
import { DemoNote } from "./parts.tsx";
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

export function PeoplePage({ clusters, total, page, pages, builtin }: {
  clusters: ClusterRow[];
  total: number;
  page: number;
  pages: number;
  builtin: boolean;
}) {
  return (
    <Layout title="People" place="people">
      <div class="title">
        <h1>People</h1>
        <p class="actions">
          <a class="button" href="/runs/faces">Find faces again…</a>
          <a class="button" href="/runs/clustering">Group faces again…</a>
        </p>
      </div>
      {total === 0
        ? <p>No faces have been grouped yet: that is the last phase of a session.</p>
        : <p class="lead">{several(total, "cluster")} of faces that belong together</p>}
      {builtin && <DemoNote />}
      <ClusterRows clusters={clusters} />
      <Pager page={page} pages={pages} at="/people" />
    </Layout>
  );
}

export function PersonPage({ cluster, builtin }: { cluster: ClusterRow; builtin: boolean }) {
  return (
    <Layout title={`Unnamed person ${cluster.id}`} place="people">
      <p class="crumbs">
        <a href="/people">People</a>
      </p>
      <h1>Unnamed person {cluster.id}</h1>
      <p class="lead">
        {several(cluster.size, "face")}
        {cluster.faces.length < cluster.size && `, the best ${cluster.faces.length} of them`}
      </p>
      {builtin && <DemoNote />}
      <Faces cluster={cluster} />
    </Layout>
  );
}
