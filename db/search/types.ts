import type { IndexProgress } from "../vector_index/library_index.ts";

/** Photos that a search may show; empty: all that are there. Every part narrows it down. */
export interface PhotoFilter {
  /** Ids of people: all of these, at least one of these, none of these are on the photo. */
  people?: { all: number[]; any: number[]; none: number[] };
  /** A folder, absolute: a file of the photo or of a copy lies in it or below it. */
  folder?: string;
  /** When it was taken, in the camera's local time `YYYY-MM-DDTHH:MM:SS`: from (included) to (excluded). */
  taken?: { from: string | null; to: string | null };
  /** Any of these, as `photos.camera` has them. */
  cameras?: string[];
  orientation?: "landscape" | "portrait" | "square";
  /** Faces that are shown on it: at least, at most. */
  faces?: { min: number | null; max: number | null };
  /** Stars. */
  rating?: { min: number | null; max: number | null };
  /** Any of these, as `photos.format` has them. */
  formats?: string[];
  /** A run that looked at a file of the photo. */
  sessionId?: number;
}

/** What to compare photos with. All parts given are added up, unit vectors each times its weight. */
export interface SearchRequest {
  /** As typed: `beach + dog - people`; may be empty. */
  words: string;
  /** Like this photo. */
  photoId?: number;
  /** Like a picture somebody gave, as `encodePicture` wrote its vector down. */
  picture?: string;
  filter: PhotoFilter;
  /**
   * The words that `filter.taken` was made of, where they mean something else tomorrow, as "last month"
   * does: following pages then have the time that they meant on the first.
   */
  dates?: string;
  limit: number;
  /** Where the page before ended. */
  cursor?: string;
  /** Also what is no better than chance. */
  everything?: boolean;
  /** Count the photos found by person, year, camera, …. */
  facets?: boolean;
}

/** A photo as a search shows it. */
export interface FoundPhoto {
  id: number;
  width: number;
  height: number;
  takenAt: string | null;
  /** A file that is there: of the photo itself, or else of one of its duplicates. */
  path: string;
  /** Duplicates with at least one file that is there. */
  duplicates: number;
}

export interface Hit extends FoundPhoto {
  /** Cosine of the angle to what was asked, −1…1; null where nothing was compared (filters alone). */
  score: number | null;
  /**
   * How rarely a text and a photo of this library that have nothing to do with each other are as
   * similar: 0 (always) to 1 (never seen); null as `score`.
   */
  relevance: number | null;
}

export interface FacetValue {
  /** As the filter takes it: id, year, camera, format, stars, number of faces, orientation, folder. */
  value: string;
  /** For a person. */
  label: string;
  photos: number;
}

/** How many of the photos found are what; each list by number, at most 12. */
export interface Facets {
  people: FacetValue[];
  years: FacetValue[];
  cameras: FacetValue[];
  formats: FacetValue[];
  orientations: FacetValue[];
  ratings: FacetValue[];
  faces: FacetValue[];
  folders: FacetValue[];
  /** Photos counted: the first of them where counting all would take too long. */
  counted: number;
  /** There are more than were counted. */
  more: boolean;
}

export interface SearchResult {
  /** The words as they were understood. */
  query: string;
  /** The model that compared; "" where nothing was compared. */
  model: string;
  builtinModels: boolean;
  /** For a person: why there are no results; null where there are. */
  message: string | null;
  /** For a person: what to know about these results, such as that some are missing; null: nothing. */
  notice: string | null;
  /** Best first; without anything to compare with, newest first. */
  results: Hit[];
  /** For the next page; null: this is the last. */
  nextCursor: string | null;
  /**
   * Photos that pass the filters and are there (whatever their relevance), as of the last ten seconds;
   * null where not counted: they are too many, it takes too long, or this is not the first page.
   */
  total: number | null;
  /** True: there are more, and none of them is better than chance; `everything` shows them. */
  cut: boolean;
  /** Null unless asked for. */
  facets: Facets | null;
}

export interface Search {
  /**
   * The photos that pass the filters, best first. Throws a SearchFault where the request cannot be
   * answered: a cursor of another query, a photo that is not there, a picture that was compared with
   * another model.
   */
  find(request: SearchRequest): Promise<SearchResult>;
  /**
   * The vector of a picture somebody gave (encoded file, any format a photo may have), written down
   * for `SearchRequest.picture`: base64url, some 700 characters at 512 dimensions. Throws an ImageError.
   */
  encodePicture(bytes: Uint8Array): Promise<string>;
  /** How far the index is; null before it is opened. */
  indexProgress(): Promise<IndexProgress | null>;
  warm(): Promise<void>;
  close(): Promise<void>;
}

/** A search that cannot be answered as it was asked; code for a machine, message for a person. */
export class SearchFault extends Error {
  override name = "SearchFault";
  constructor(
    readonly code: "foreign_cursor" | "photo_not_found" | "foreign_picture" | "bad_query",
    message: string,
  ) {
    super(message);
  }
}
