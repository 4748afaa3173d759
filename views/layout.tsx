import { html } from "hono/html";
import type { Child } from "hono/jsx";
import { HTMX_URL, ICON_URL, POLL_URL, SELECT_URL, STYLE_URL } from "./assets.ts";

export type Place = "sessions" | "photos" | "people" | "search" | "workers" | "settings";

const PLACES: { place: Place; href: string; title: string }[] = [
  { place: "sessions", href: "/sessions", title: "Sessions" },
  { place: "photos", href: "/photos", title: "Photos" },
  { place: "people", href: "/people", title: "People" },
  { place: "search", href: "/search", title: "Search" },
  { place: "workers", href: "/workers", title: "Workers" },
];

// Failed polls leave the page as it is; `open` is the reader's, not the server's.
const HTMX_CONFIG = JSON.stringify({
  noSwap: [204, 304, "4xx", "5xx"],
  morphIgnore: ["data-htmx-powered", "open"],
  history: false,
  includeIndicatorCSS: false,
});

/** The frame of every page. `refresh`: without JavaScript the page reloads itself every 5 s. */
export function Layout(props: {
  title: string;
  place?: Place;
  refresh?: boolean;
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
        {props.refresh && (
          <noscript>
            <meta http-equiv="refresh" content="5" />
          </noscript>
        )}
      </head>
      <body>
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
          <a
            class="aside"
            href="/settings"
            aria-current={props.place === "settings" ? "page" : undefined}
          >
            Settings
          </a>
        </header>
        <main id="main">{props.children}</main>
      </body>
    </html>
  );
  return html`<!doctype html>${document}`;
}
