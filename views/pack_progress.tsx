import { bytes, duration, percent } from "./format.ts";
import { Bar, Time } from "./parts.tsx";
import { isBusy, type PackProgress, type PackStatus, type PackView } from "./pack_view.ts";

/** How far a download or a check is, or where it stopped. */
export function PackProgressBar({ pack, progress }: { pack: PackView; progress: PackProgress }) {
  const { file, bytes: there, total, bytesPerSecond, etaSeconds } = progress;
  const busy = isBusy(pack);
  const share = total ? Math.min(100, 100 * there / total) : null;
  return (
    <div class="moving">
      <p class="headline">{headline(pack.status, share)}</p>
      <Bar label={`Progress of ${pack.name}`} percentage={share} live={busy} />
      <p class="facts">
        {total !== null && <span>{bytes(there)} of {bytes(total)}</span>}
        {busy && bytesPerSecond !== null && bytesPerSecond >= 1 && (
          <span>{bytes(Math.round(bytesPerSecond))} a second</span>
        )}
        {busy && etaSeconds !== null && <span>about {duration(etaSeconds)} left</span>}
        {busy && file !== null && <span class="file">{file}</span>}
        {!busy && <span>it goes on from here</span>}
      </p>
    </div>
  );
}

function headline(status: PackStatus, share: number | null): string {
  const shown = share === null ? null : percent(share);
  switch (status) {
    case "fetching":
      return shown ?? "Asking for the files";
    case "verifying":
      return `${shown ? `${shown}, ` : ""}comparing files with their checksums`;
    case "installing":
      return "Putting the files in place";
    default:
      return shown ? `Interrupted at ${shown}` : "Interrupted";
  }
}

/** What the last check came to. */
export function PackCheck({ checked: { at, faults }, now }: {
  checked: NonNullable<PackView["checked"]>;
  now: Date;
}) {
  const when = (
    <>
      checked <Time at={at} now={now} />
    </>
  );
  if (faults.length === 0) return <p class="sound">All files are what they should be, {when}.</p>;
  return (
    <div class="fault" role="alert">
      <p>Not all files are what they should be, {when}:</p>
      <ul>{faults.map((fault) => <li>{fault}</li>)}</ul>
    </div>
  );
}
