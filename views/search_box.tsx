import type { Child } from "hono/jsx";
import { bytes } from "./format.ts";
import { addressOf, type Params, valueOf, valuesOf, without } from "./search_address.ts";
import { type Chip, type Fault, type SearchView } from "./search_view.ts";
import { FilterPanel } from "./search_filters.tsx";

/** What a picture may be, for the browser's own choice of files. */
const PICTURES = "image/*,.heic,.heif,.avif,.jxl,.dng,.cr2,.cr3,.nef,.arw,.orf,.raf,.rw2";

/**
 * The one box: words, a picture, and what narrows down; `children`: more of that. One form that is posted,
 * because it may carry a picture; the answer leads to the address of the results.
 */
export function SearchBox({ view, children }: { view: SearchView; children?: Child }) {
  const { params, chips, mostBytes } = view;
  const fault = view.faults.find(({ field }) => field === "q" || field === "file");
  return (
    <form
      method="post"
      action="/search"
      enctype="multipart/form-data"
      role="search"
      id="search"
      class="search"
      data-most-bytes={mostBytes}
      data-too-large={`That picture is larger than ${bytes(mostBytes)}.`}
    >
      <div class="search-box">
        {["like", "picture"].map((field) => <PictureChip field={field} params={params} />)}
        <label for="q" class="unseen">Show me</label>
        <input
          type="search"
          id="q"
          name="q"
          value={valueOf(params, "q")}
          dir="auto"
          placeholder={hasPicture(params) ? "and words" : "dog on a beach"}
          autocomplete="off"
          autocapitalize="none"
          aria-describedby={fault ? "q-fault" : "q-help"}
          aria-invalid={fault ? "true" : undefined}
        />
        <label class="button picture-button" title="Search with a picture">
          <PictureSign />
          <span>Picture</span>
          <input type="file" name="file" accept={PICTURES} />
        </label>
        <button type="submit" class="primary">
          <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
            <circle cx="8.5" cy="8.5" r="5.5" />
            <path d="m13 13 4.5 4.5" />
          </svg>
          <span>Search</span>
        </button>
      </div>
      <p id="q-fault" class="fault" role="alert" hidden={!fault}>
        {fault?.message} {fault?.link && <a href={fault.link.href}>{fault.link.title}</a>}
      </p>
      <p id="q-help" class="search-help">
        Add and take away: <i>beach + dog − people</i>
        <span class="with-scripts">. Drop or paste a picture anywhere on the page</span>
      </p>
      <Chips chips={chips} params={params} />
      <div class="narrow">
        <FilterPanel view={view} />
        {children}
      </div>
    </form>
  );
}

const hasPicture = (params: Params) =>
  valuesOf(params, "like").length > 0 || valuesOf(params, "picture").length > 0;

/** A picture that is compared with, and the field that keeps it when words are added. */
function PictureChip({ field, params }: { field: string; params: Params }) {
  const value = valueOf(params, field);
  if (value === "") return null;
  const isLike = field === "like";
  const isPhoto = isLike && /^[1-9]\d{0,15}$/.test(value);
  return (
    <span class="picture-chip">
      <input type="hidden" name={field} value={value} />
      {isPhoto && (
        <a href={`/photos/${value}`}>
          <img
            src={`/api/v1/photos/${value}/thumbnail`}
            alt="Like this photo"
            width="40"
            height="40"
          />
        </a>
      )}
      {isLike && !isPhoto && <span>a photo</span>}
      {!isLike && (
        <>
          <canvas width="40" height="40" data-given={value.slice(0, 64)} hidden />
          <PictureSign />
          <span>a picture you gave</span>
        </>
      )}
      <Remove
        href={addressOf(without(without(without(params, "cursor"), "shown"), field))}
        what="the picture"
      />
    </span>
  );
}

function Chips({ chips, params }: { chips: Chip[]; params: Params }) {
  if (chips.length === 0) return null;
  const bare = params.filter(([name]) => ["q", "like", "picture"].includes(name));
  return (
    <ul class="chips" aria-label="What narrows it down">
      {chips.map(({ kind, label, without, faceId }) => (
        <li class="chip">
          {faceId && (
            <img src={`/api/v1/faces/${faceId}/crop`} alt="" width="24" height="24" class="crop" />
          )}
          <span>
            <span class="muted">{kind}</span> <bdi>{label}</bdi>
          </span>
          <Remove href={without} what={`${kind} ${label}`} />
        </li>
      ))}
      {chips.length > 1 && (
        <li>
          <a href={addressOf(bare)}>Clear all</a>
        </li>
      )}
    </ul>
  );
}

function Remove({ href, what }: { href: string; what: string }) {
  return (
    <a class="remove" href={href} aria-label={`Remove: ${what}`} title="Remove">
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        <path d="M2 2 10 10 M10 2 2 10" />
      </svg>
    </a>
  );
}

function PictureSign() {
  return (
    <svg class="sign" viewBox="0 0 24 20" width="24" height="20" aria-hidden="true">
      <rect x="1.5" y="1.5" width="21" height="17" rx="3" />
      <circle cx="7.5" cy="7" r="2" />
      <path d="m2 16 6-5 4 3 5-6 5.5 5.5" />
    </svg>
  );
}

/** Faults that are told beside what was typed: of those this only says where. */
const BESIDE: Record<string, string> = { taken: "Taken", folder: "Folder" };

/** What is wrong with the question as a whole, and ways out. */
export function QuestionFaults({ faults }: { faults: Fault[] }) {
  const told = faults.filter(({ field }) => field !== "q" && field !== "file").map((fault) =>
    fault.field !== null && fault.field in BESIDE
      ? {
        message: "Nothing was looked for, because of what is typed under",
        link: { href: `#by-${fault.field}`, title: BESIDE[fault.field] },
      }
      : fault
  );
  return (
    <>
      {told.map(({ message, link }) => (
        <p class="fault" role="alert">
          {message} {link && <a href={link.href}>{link.title}</a>}
        </p>
      ))}
    </>
  );
}
