/** Pages that a photo is opened from to be looked at and left again. */
const PLACES = ["/search", "/duplicates"];

/**
 * Where "Back" on a photo's page leads: what its address says, or the page the browser came from, if
 * that is one of ours with something to come back to; null otherwise. Never another site, whatever
 * somebody wrote into a link.
 */
export function cameFrom(
  here: string,
  { given, referrer }: { given?: string; referrer?: string },
): string | null {
  const base = new URL(here);
  // A path: it cannot name a host, whatever slashes it begins with.
  const asked = given?.startsWith("/") ? localPath(given, base) : null;
  return asked ?? (referrer ? localPath(referrer, base) : null);
}

function localPath(address: string, base: URL): string | null {
  const url = URL.parse(address, base.href);
  if (!url || url.origin !== base.origin || !PLACES.includes(url.pathname)) return null;
  return url.pathname + url.search + url.hash;
}
