import type { ClusterRow } from "../db/cluster_queries.ts";
import { several } from "./format.ts";

/** Clusters as rows of face crops, the largest first. */
export function ClusterRows({ clusters }: { clusters: ClusterRow[] }) {
  return (
    <ol class="clusters">
      {clusters.map((cluster) => (
        <li id={`cluster-${cluster.id}`}>
          <a class="who" href={`/people/${cluster.id}`}>
            <span>Unnamed person {cluster.id}</span>
            <small>{several(cluster.size, "face")}</small>
          </a>
          <Faces cluster={cluster} />
        </li>
      ))}
    </ol>
  );
}

export function Faces({ cluster }: { cluster: ClusterRow }) {
  return (
    <ul class="faces" aria-label={`Faces of unnamed person ${cluster.id}`}>
      {cluster.faces.map((face, index) => (
        <li>
          <a href={`/photos/${face.photoId}`}>
            <img
              src={`/api/v1/faces/${face.id}/crop`}
              alt={`Face ${index + 1}: open its photo`}
              width="96"
              height="96"
              loading="lazy"
            />
          </a>
        </li>
      ))}
    </ul>
  );
}
