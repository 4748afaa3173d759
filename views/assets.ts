import { createHash } from "node:crypto";
import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import draw from "./draw.js" with { type: "text" };
import icon from "./icon.svg" with { type: "text" };
import people from "./people.js" with { type: "text" };
import peopleForms from "./people_forms.js" with { type: "text" };
import peopleRows from "./people_rows.js" with { type: "text" };
import photo from "./photo.js" with { type: "text" };
import poll from "./poll.js" with { type: "text" };
import search from "./search.js" with { type: "text" };
import searchGrid from "./search_grid.js" with { type: "text" };
import searchPicture from "./search_picture.js" with { type: "text" };
import searchReturn from "./search_return.js" with { type: "text" };
import searchUnfold from "./search_unfold.js" with { type: "text" };
import select from "./select.js" with { type: "text" };
import style from "./style.css" with { type: "text" };
import { ratioRules } from "./photo_ratios.ts";

export interface Asset {
  /** Carries the content's hash, so that a browser may keep it for ever. */
  name: string;
  type: string;
  text: string;
}

function asset(name: string, type: string, text: string): Asset {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { name: name.replace(".", `-${hash}.`), type, text };
}

/** A module, with the names that those it imports are served under. */
function script(name: string, text: string, imports: Record<string, Asset>): Asset {
  const linked = Object.entries(imports).reduce(
    (text, [from, { name }]) => text.replaceAll(`"${from}"`, `"./${name}"`),
    text,
  );
  return asset(name, "text/javascript; charset=utf-8", linked);
}

const STYLE = asset("style.css", "text/css; charset=utf-8", style + ratioRules());
const POLL = asset("poll.js", "text/javascript; charset=utf-8", poll);
const SELECT = asset("select.js", "text/javascript; charset=utf-8", select);
const PEOPLE_ROWS = asset("people_rows.js", "text/javascript; charset=utf-8", peopleRows);
const PEOPLE_FORMS = script("people_forms.js", peopleForms, { "./people_rows.js": PEOPLE_ROWS });
const PEOPLE = script("people.js", people, {
  "./people_rows.js": PEOPLE_ROWS,
  "./people_forms.js": PEOPLE_FORMS,
});
const SEARCH_GRID = asset("search_grid.js", "text/javascript; charset=utf-8", searchGrid);
const SEARCH_PICTURE = asset("search_picture.js", "text/javascript; charset=utf-8", searchPicture);
const SEARCH_RETURN = script("search_return.js", searchReturn, {
  "./search_grid.js": SEARCH_GRID,
});
const SEARCH_UNFOLD = script("search_unfold.js", searchUnfold, {
  "./search_grid.js": SEARCH_GRID,
});
const SEARCH = script("search.js", search, {
  "./people_rows.js": PEOPLE_ROWS,
  "./search_grid.js": SEARCH_GRID,
  "./search_picture.js": SEARCH_PICTURE,
  "./search_return.js": SEARCH_RETURN,
  "./search_unfold.js": SEARCH_UNFOLD,
});
const PHOTO = asset("photo.js", "text/javascript; charset=utf-8", photo);
const DRAW = asset("draw.js", "text/javascript; charset=utf-8", draw);
const HTMX = asset("htmx.js", "text/javascript; charset=utf-8", htmx);
const ICON = asset("icon.svg", "image/svg+xml", icon);

export const ASSETS: readonly Asset[] = [
  STYLE,
  POLL,
  SELECT,
  PEOPLE,
  PEOPLE_ROWS,
  PEOPLE_FORMS,
  SEARCH,
  SEARCH_GRID,
  SEARCH_PICTURE,
  SEARCH_RETURN,
  SEARCH_UNFOLD,
  DRAW,
  PHOTO,
  HTMX,
  ICON,
];
export const STYLE_URL = `/assets/${STYLE.name}`;
export const POLL_URL = `/assets/${POLL.name}`;
export const SELECT_URL = `/assets/${SELECT.name}`;
export const PEOPLE_URL = `/assets/${PEOPLE.name}`;
/** What that one imports: asked for together with it instead of after it. */
export const PEOPLE_PARTS = [PEOPLE_ROWS, PEOPLE_FORMS].map(({ name }) => `/assets/${name}`);
export const SEARCH_URL = `/assets/${SEARCH.name}`;
/** The same for the search page. */
export const SEARCH_PARTS = [SEARCH_GRID, SEARCH_PICTURE, SEARCH_RETURN, SEARCH_UNFOLD]
  .map(({ name }) => `/assets/${name}`);
export const DRAW_URL = `/assets/${DRAW.name}`;
export const PHOTO_URL = `/assets/${PHOTO.name}`;
export const HTMX_URL = `/assets/${HTMX.name}`;
export const ICON_URL = `/assets/${ICON.name}`;
