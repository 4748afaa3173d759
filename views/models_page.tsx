import { several } from "./format.ts";
import { Layout } from "./layout.tsx";
import { PackCard } from "./pack_card.tsx";
import { Action } from "./parts.tsx";
import { isBusy, type PackKind, type PackView } from "./pack_view.ts";

export interface ModelsView {
  packs: PackView[];
  /** SAFELIGHT_MODELS, where it is set: it wins over whatever is chosen here. */
  modelsDir: string | null;
  /** The folder of installed packs. */
  packsDir: string;
  /** What search and people still show, where that is not what was chosen; null: nothing differs. */
  former: { kinds: PackKind[]; sessionId: number | null } | null;
  /** What models run on, of the workers that live. */
  devices: { device: string; reason: string | null; workers: number }[];
  /** For a person: what is wrong with the folder of packs or the choice. */
  faults: string[];
  now: Date;
}

/** Packs of models; without JavaScript it loads itself again while something is under way. */
export function ModelsPage({ view, refused }: { view: ModelsView; refused?: string }) {
  const { packs, modelsDir, packsDir, former, devices, faults, now } = view;
  const choosing = modelsDir === null;
  const here = packs.filter((pack) => pack.installed);
  const others = packs.filter((pack) => !pack.installed);
  const list = (packs: PackView[]) => (
    <div class="packs">
      {packs.map((pack) => (
        <PackCard pack={pack} choosing={choosing} refused={refused === pack.name} now={now} />
      ))}
    </div>
  );
  return (
    <Layout title="Models" place="models" refresh={packs.some(isBusy) && "/models"}>
      <h1>Models</h1>
      <p class="lead">
        Models are what Safelight looks at your pictures with: one pack for pictures and words, one
        for faces. They run on your machine; no picture leaves it.
      </p>
      {faults.map((fault) => <p class="fault" role="alert">{fault}</p>)}
      {modelsDir !== null && (
        <p class="note">
          <strong>The models in {modelsDir} are in use</strong>, because{" "}
          <code>SAFELIGHT_MODELS</code>{" "}
          names that folder. Packs can be downloaded here, but not chosen; to choose here, start
          Safelight without that variable.
        </p>
      )}
      {former && <Former former={former} again={choosing ? toUseAgain(packs) : null} />}
      <Devices devices={devices} />
      <h2>Installed</h2>
      {choosing && here.length > 1 && (
        <p class="purpose">
          Other models look at the previews of the whole library once more, in a run; originals are
          not read again. Search and people go by the former models until it is complete.
        </p>
      )}
      {list(here)}
      {others.length > 0 && (
        <>
          <h2>To download</h2>
          {list(others)}
        </>
      )}
      <h2>Models of your own</h2>
      <p class="own">
        A folder with graphs and a <code>manifest.json</code> in{" "}
        <code class="path">{packsDir}</code> is listed above like the others.
      </p>
    </Layout>
  );
}

const ANSWERS: Record<PackKind, string> = { clip: "Search", faces: "People" };

/**
 * To use it once more changes no choice, only makes a run: it is chosen for all that it understands,
 * as the pack that was chosen last always is.
 */
const toUseAgain = (packs: PackView[]): PackView | null =>
  packs.find(({ installed, inUse, understands }) =>
    installed && inUse.length > 0 && inUse.length === understands.length
  ) ?? null;

function Former({ former: { kinds, sessionId }, again }: {
  former: NonNullable<ModelsView["former"]>;
  /** What makes another run with the new models; null: that cannot be asked for here. */
  again: PackView | null;
}) {
  const [first, second] = kinds.map((kind) => ANSWERS[kind]);
  const run = sessionId === null
    ? "a run with the new ones"
    : <a href={`/sessions/${sessionId}`}>the run with the new ones</a>;
  return (
    <>
      <p class="note">
        <strong>
          {second ? `${first} and ${second.toLowerCase()}` : first} still{" "}
          {second || first === "People" ? "go" : "goes"} by the former models
        </strong>, until {run} is complete.
      </p>
      {sessionId === null && again && (
        <div class="actions">
          <Action to={`/models/${again.name}/use`} title="Finish the change" kind="primary" />
        </div>
      )}
    </>
  );
}

function Devices({ devices }: { devices: ModelsView["devices"] }) {
  if (devices.length === 0) {
    return <p class="runs-on">No worker is running, so nothing is known of what models run on.</p>;
  }
  return (
    <ul class="runs-on">
      {devices.map(({ device, reason, workers }) => (
        <li>
          Models run on <b>{device}</b>
          {devices.length > 1 && ` (${several(workers, "worker")})`}
          {reason && <span class="muted">: {reason}</span>}
        </li>
      ))}
    </ul>
  );
}
