import { createHash } from "node:crypto";
import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import draw from "./draw.js" with { type: "text" };
import icon from "./icon.svg" with { type: "text" };
import people from "./people.js" with { type: "text" };
import peopleForms from "./people_forms.js" with { type: "text" };
import peopleRows from "./people_rows.js" with { type: "text" };
import poll from "./poll.js" with { type: "text" };
import select from "./select.js" with { type: "text" };
import style from "./style.css" with { type: "text" };

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

const STYLE = asset("style.css", "text/css; charset=utf-8", style);
const POLL = asset("poll.js", "text/javascript; charset=utf-8", poll);
const SELECT = asset("select.js", "text/javascript; charset=utf-8", select);
const PEOPLE_ROWS = asset("people_rows.js", "text/javascript; charset=utf-8", peopleRows);
const PEOPLE_FORMS = script("people_forms.js", peopleForms, { "./people_rows.js": PEOPLE_ROWS });
const PEOPLE = script("people.js", people, {
  "./people_rows.js": PEOPLE_ROWS,
  "./people_forms.js": PEOPLE_FORMS,
});
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
  DRAW,
  HTMX,
  ICON,
];
export const STYLE_URL = `/assets/${STYLE.name}`;
export const POLL_URL = `/assets/${POLL.name}`;
export const SELECT_URL = `/assets/${SELECT.name}`;
export const PEOPLE_URL = `/assets/${PEOPLE.name}`;
/** What that one imports: asked for together with it instead of after it. */
export const PEOPLE_PARTS = [PEOPLE_ROWS, PEOPLE_FORMS].map(({ name }) => `/assets/${name}`);
export const DRAW_URL = `/assets/${DRAW.name}`;
export const HTMX_URL = `/assets/${HTMX.name}`;
export const ICON_URL = `/assets/${ICON.name}`;
