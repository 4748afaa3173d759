import { html } from "hono/html";
import type { Child } from "hono/jsx";
import {
  DRAW_URL,
  HTMX_URL,
  ICON_URL,
  PEOPLE_PARTS,
  PEOPLE_URL,
  PHOTO_URL,
  POLL_URL,
  SEARCH_PARTS,
  SEARCH_URL,
  SELECT_URL,
  STYLE_URL,
} from "./assets.ts";

export type Place =
  | "sessions"
  | "photos"
  | "people"
  | "review"
  | "search"
  | "models"
  | "workers"
  | "settings";

const PLACES: { place: Place; href: string; title: string }[] = [
  { place: "sessions", href: "/sessions", title: "Sessions" },
  { place: "photos", href: "/photos", title: "Photos" },
  { place: "people", href: "/people", title: "People" },
  { place: "review", href: "/review", title: "Review" },
  { place: "search", href: "/search", title: "Search" },
  { place: "workers", href: "/workers", title: "Workers" },
];

/** What is set up once. */
const ASIDE: typeof PLACES = [
  { place: "models", href: "/models", title: "Models" },
  { place: "settings", href: "/settings", title: "Settings" },
];

// Failed polls leave the page as it is; `open` is the reader's, not the server's.
const HTMX_CONFIG = JSON.stringify({
  noSwap: [204, 304, "4xx", "5xx"],
  morphIgnore: ["data-htmx-powered", "open"],
  history: false,
  includeIndicatorCSS: false,
});

/**
 * The frame of every page. `refresh`: without JavaScript the page loads itself again after 5 s, or the
 * address given; one whose own address ends with a #place must give it, else nothing is loaded.
 * `grid`: a page of photos in rows is as wide as the screen allows, and keys go through them.
 */
export function Layout(props: {
  title: string;
  place?: Place;
  refresh?: boolean | string;
  grid?: boolean;
  children?: Child;
}) {
  const document = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="dark light" />
        <title>{`${props.title} · Safelight`}</title>
        <meta name="htmx-config" content={HTMX_CONFIG} />
        <link rel="icon" type="image/svg+xml" href={ICON_URL} />
        <link rel="stylesheet" href={STYLE_URL} />
        <script src={HTMX_URL} defer></script>
        <script src={POLL_URL} defer></script>
        <script src={SELECT_URL} defer></script>
        {PEOPLE_PARTS.map((part) => <link rel="modulepreload" href={part} />)}
        <script type="module" src={PEOPLE_URL}></script>
        <script type="module" src={DRAW_URL}></script>
        <script type="module" src={PHOTO_URL}></script>
        {props.grid && (
          <>
            {SEARCH_PARTS.map((part) => <link rel="modulepreload" href={part} />)}
            <script type="module" src={SEARCH_URL}></script>
          </>
        )}
        {props.refresh && (
          <noscript>
            <meta
              http-equiv="refresh"
              content={typeof props.refresh === "string" ? `5;url=${props.refresh}` : "5"}
            />
          </noscript>
        )}
      </head>
      <body class={props.grid ? "wide" : undefined}>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <a class="brand" href="/sessions">
            <img src={ICON_URL} alt="" width="28" height="28" />Safelight
          </a>
          <nav aria-label="Main">
            {PLACES.map(({ place, href, title }) => (
              <a href={href} aria-current={place === props.place ? "page" : undefined}>{title}</a>
            ))}
          </nav>
          <div class="aside">
            {ASIDE.map(({ place, href, title }) => (
              <a href={href} aria-current={place === props.place ? "page" : undefined}>{title}</a>
            ))}
          </div>
        </header>
        <main id="main">{props.children}</main>
      </body>
    </html>
  );
  return html`<!doctype html>${document}`;
}
