import { bytes } from "./format.ts";
import { PackActions } from "./pack_actions.tsx";
import { PackCheck, PackProgressBar } from "./pack_progress.tsx";
import { isBusy, type PackKind, type PackStatus, type PackView } from "./pack_view.ts";

const UNDERSTANDS: Record<PackKind, string> = { clip: "Pictures and words", faces: "Faces" };

/**
 * One pack. While something is under way with it the card asks for itself every second; the others
 * do not, so that a box ticked there stays ticked.
 */
export function PackCard({ pack, choosing, refused = false, now }: {
  pack: PackView;
  /** Whether packs can be chosen here. */
  choosing: boolean;
  /** The download was asked for without consent to the licence. */
  refused?: boolean;
  now: Date;
}) {
  const { name, status, progress, message, checked } = pack;
  const polling = isBusy(pack)
    ? {
      "hx-get": `/models/${name}/card`,
      "hx-trigger": "every 1s",
      "hx-swap": "outerMorph",
      "hx-sync": "this:drop",
      "hx-config": "timeout:10s",
    }
    : {};
  return (
    <section id={`pack-${name}`} class="card pack" aria-labelledby={`name-${name}`} {...polling}>
      <p class="stale-note">
        No answer from Safelight; trying again. This is the last known state.
      </p>
      <div class="head">
        <h3 id={`name-${name}`}>{pack.builtin ? "Built-in" : name}</h3>
        <StatusWord pack={pack} />
      </div>
      {pack.description && <p>{pack.description}</p>}
      <Facts pack={pack} />
      {progress && <PackProgressBar pack={pack} progress={progress} />}
      {status === "failed" && message && <p class="fault" role="alert">{message}</p>}
      {status === "installed" && checked && <PackCheck checked={checked} now={now} />}
      <PackActions pack={pack} choosing={choosing} refused={refused} />
    </section>
  );
}

/** The pack is not there any more: nothing is left to ask for. */
export function NoPack({ name }: { name: string }) {
  return (
    <section id={`pack-${name}`} class="card pack" aria-label={name}>
      <p>There is no pack {name} any more.</p>
    </section>
  );
}

/** The word for a state and the look it shares with the states of sessions. */
const WORDS: Record<PackStatus, [word: string, look: string]> = {
  installed: ["Installed", "pending"],
  absent: ["Not installed", "pending"],
  interrupted: ["Interrupted", "paused"],
  fetching: ["Downloading", "running"],
  verifying: ["Checking", "running"],
  installing: ["Installing", "running"],
  failed: ["Failed", "failed"],
};

function StatusWord({ pack: { status, inUse, understands } }: { pack: PackView }) {
  const [word, look] = WORDS[status];
  if (status !== "installed" || inUse.length === 0) {
    return <span class={`status is-${look}`} role="status">{word}</span>;
  }
  const part = inUse.length < understands.length && ` for ${UNDERSTANDS[inUse[0]].toLowerCase()}`;
  return <span class="status is-completed" role="status">In use{part}</span>;
}

function Facts({ pack }: { pack: PackView }) {
  const { understands, licence, licenceUrl, nonCommercial, source, homepage, pinned } = pack;
  return (
    <dl class="facts-list">
      <div>
        <dt>Understands</dt>
        <dd>
          {understands.map(({ kind, dimension }) => (
            <div>
              {UNDERSTANDS[kind]} <small>{dimension} dimensions</small>
            </div>
          ))}
        </dd>
      </div>
      <div>
        <dt>Size</dt>
        <dd>{pack.bytes === null ? "not known yet" : bytes(pack.bytes)}</dd>
      </div>
      <div>
        <dt>Licence</dt>
        <dd>
          {licenceUrl === null ? licence : <a href={licenceUrl}>{licence}</a>}
          {nonCommercial && <small class="restricted">non-commercial use only</small>}
        </dd>
      </div>
      {source !== null && (
        <div>
          <dt>Comes from</dt>
          <dd>
            {homepage === null ? source : <a href={homepage}>{source}</a>}
            {!pinned && <small>not pinned: checked against the first download only</small>}
          </dd>
        </div>
      )}
    </dl>
  );
}
