import type { ClusterRow } from "../db/cluster_queries.ts";
import { Crop } from "./crops.tsx";
import { several } from "./format.ts";
import { clusterName } from "./people_words.ts";

/** Clusters as rows of face crops to look at, the largest first; what can be done is on their pages. */
export function ClusterRows(
  { clusters }: { clusters: Pick<ClusterRow, "id" | "size" | "faces">[] },
) {
  return (
    <ol class="clusters">
      {clusters.map((cluster) => (
        <li id={`cluster-${cluster.id}`}>
          <a class="who" href={`/clusters/${cluster.id}`}>
            <span>{clusterName(cluster.id)}</span>
            <small>{several(cluster.size, "face")}</small>
          </a>
          <ul class="faces" aria-label={`Faces of ${clusterName(cluster.id)}`}>
            {cluster.faces.map((face, index) => (
              <li>
                <a href={`/photos/${face.photoId}`}>
                  <Crop faceId={face.id} alt={`Face ${index + 1}: open its photo`} />
                </a>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}
