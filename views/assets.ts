import { createHash } from "node:crypto";
import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import icon from "./icon.svg" with { type: "text" };
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

const STYLE = asset("style.css", "text/css; charset=utf-8", style);
const POLL = asset("poll.js", "text/javascript; charset=utf-8", poll);
const SELECT = asset("select.js", "text/javascript; charset=utf-8", select);
const HTMX = asset("htmx.js", "text/javascript; charset=utf-8", htmx);
const ICON = asset("icon.svg", "image/svg+xml", icon);

export const ASSETS: readonly Asset[] = [STYLE, POLL, SELECT, HTMX, ICON];
export const STYLE_URL = `/assets/${STYLE.name}`;
export const POLL_URL = `/assets/${POLL.name}`;
export const SELECT_URL = `/assets/${SELECT.name}`;
export const HTMX_URL = `/assets/${HTMX.name}`;
export const ICON_URL = `/assets/${ICON.name}`;
