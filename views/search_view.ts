import type { Facets, PhotoFilter, SearchResult } from "../db/search/types.ts";
import type { Params } from "./search_address.ts";

/** Somebody who can be searched for. */
export interface Somebody {
  id: number;
  name: string | null;
  coverFaceId: number | null;
}

/** What the fields of the filters offer. */
export interface Choices {
  people: Somebody[];
  cameras: string[];
  formats: string[];
  folders: string[];
  sessions: { id: number; name: string }[];
}

/** A part of the question that can be taken out. */
export interface Chip {
  /** What kind of thing it is, such as "taken", for those who do not see the chips beside. */
  kind: string;
  label: string;
  /** The address without it. */
  without: string;
  /** A face to show. */
  faceId?: number | null;
}

export interface Fault {
  /** The field it is about; null: the whole question. */
  field: string | null;
  message: string;
  /** A way out. */
  link?: { href: string; title: string };
}

export interface IndexProgress {
  state: "idle" | "loading" | "building" | "ready";
  done: number;
  total: number;
}

/** Everything the search page shows. */
export interface SearchView {
  /** As asked, with what may be wrong in it: the form is never lost. */
  params: Params;
  /** The same with people as they are now, for the form. */
  formParams: Params;
  chips: Chip[];
  choices: Choices;
  /** What the typed time was understood as. */
  takenEcho: string | null;
  faults: Fault[];
  /** What of the question narrows it down, as it was understood. */
  filter: PhotoFilter;
  /** Null where nothing could be looked for. */
  found: SearchResult | null;
  /** Photos on this page and those before. */
  shown: number;
  index: IndexProgress | null;
  /** Counted with the page: where scripts do not ask for them. */
  facets: Facets | null;
  /** Bytes of a picture that is accepted. */
  mostBytes: number;
}
