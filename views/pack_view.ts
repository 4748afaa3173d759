/** What a pack has models for: clip is pictures and words. */
export type PackKind = "clip" | "faces";

export const PACK_STATUSES = [
  "installed",
  "absent",
  "interrupted",
  "fetching",
  "verifying",
  "installing",
  "failed",
] as const;
export type PackStatus = typeof PACK_STATUSES[number];

/** How far a download or a check is, over all files of the pack. */
export interface PackProgress {
  file: string | null;
  bytes: number;
  /** Null: not known yet. */
  total: number | null;
  bytesPerSecond: number | null;
  etaSeconds: number | null;
}

/** A pack of models, on this disk or to be had. */
export interface PackView {
  name: string;
  description: string | null;
  /** Where a person reads about the models. */
  homepage: string | null;
  licence: string;
  licenceUrl: string | null;
  nonCommercial: boolean;
  /** All its files; of one that is not here, as its manifest says. */
  bytes: number | null;
  /** Host name the files come from; null: this pack cannot be downloaded. */
  source: string | null;
  /** False: what the first download brought was recorded, nobody else vouches for it. */
  pinned: boolean;
  understands: { kind: PackKind; dimension: number }[];
  builtin: boolean;
  installed: boolean;
  /** What it has been chosen for. */
  inUse: PackKind[];
  status: PackStatus;
  /** Of what is under way, and of a download that was interrupted. */
  progress: PackProgress | null;
  /** For a person: why the last download or check failed. */
  message: string | null;
  /** The last check of the installed files since this web app started. */
  checked: { at: string; faults: string[] } | null;
}

export const isBusy = ({ status }: PackView): boolean =>
  status === "fetching" || status === "verifying" || status === "installing";

/** A check found files that are not what they should be, or a repair of them failed. */
export const isDoubtful = ({ status, checked }: PackView): boolean =>
  status === "failed" || checked !== null && checked.faults.length > 0;
