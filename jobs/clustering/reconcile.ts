type Id = string | number;

/**
 * Says which new clusters are old ones grown, shrunk or cleaned up. `oldClusters` maps faces to the
 * cluster they were in, `newLabels` maps faces to their label now, −1 for noise. A new cluster
 * takes the identity of an old one when it holds more than half of the old one's faces, noise
 * included, that were clustered again; faces that vanished do not count. One to one: where several
 * old clusters ended in a new one, that which brings most faces wins, then the smaller one, then
 * the lower id. Answers for every new label an old id, or null for a new identity.
 */
export function reconcile<Face extends Id, Cluster extends Id>(
  oldClusters: ReadonlyMap<Face, Cluster>,
  newLabels: ReadonlyMap<Face, number>,
): Map<number, Cluster | null> {
  const reconciler = createReconciler<Cluster>();
  for (const [face, label] of newLabels) reconciler.add(oldClusters.get(face), label);
  return reconciler.identities();
}

/** reconcile for whoever cannot hold the thread for a whole library: the faces one by one. */
export interface Reconciler<Cluster> {
  /** A face that was clustered again: the cluster it was in, if in one, and its label now. */
  add(old: Cluster | undefined, label: number): void;
  identities(): Map<number, Cluster | null>;
}

export function createReconciler<Cluster extends Id>(): Reconciler<Cluster> {
  const sizes = new Map<Cluster, number>();
  const overlaps = new Map<Cluster, Map<number, number>>();
  const identities = new Map<number, Cluster | null>();
  return {
    add(old, label) {
      if (label >= 0) identities.set(label, null);
      if (old === undefined) return;
      sizes.set(old, (sizes.get(old) ?? 0) + 1);
      if (label < 0) return;
      let labels = overlaps.get(old);
      if (!labels) overlaps.set(old, labels = new Map());
      labels.set(label, (labels.get(label) ?? 0) + 1);
    },
    identities() {
      // More than half can lie in one label only, so each old cluster claims at most one.
      const claims: Claim<Cluster>[] = [];
      for (const [old, labels] of overlaps) {
        const size = sizes.get(old)!;
        for (const [label, shared] of labels) {
          if (shared > size / 2) claims.push({ old, label, shared, size });
        }
      }
      claims.sort((a, b) => b.shared - a.shared || a.size - b.size || compareIds(a.old, b.old));
      for (const { old, label } of claims) {
        if (identities.get(label) === null) identities.set(label, old);
      }
      return identities;
    },
  };
}

interface Claim<Cluster> {
  old: Cluster;
  label: number;
  shared: number;
  size: number;
}

function compareIds(a: Id, b: Id): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
