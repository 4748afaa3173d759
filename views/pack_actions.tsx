import { Action } from "./parts.tsx";
import { isBusy, isDoubtful, type PackView } from "./pack_view.ts";

/** What may be done with a pack, as buttons. */
export function PackActions({ pack, choosing, refused }: {
  pack: PackView;
  /** Whether packs can be chosen here. */
  choosing: boolean;
  /** The download was asked for without consent to the licence. */
  refused: boolean;
}) {
  const { name, installed, builtin, source, inUse, understands } = pack;
  const to = (deed: string) => `/models/${name}/${deed}`;
  if (isBusy(pack)) {
    return (
      <div class="actions">
        <Action to={to("cancel")} title="Stop" />
      </div>
    );
  }
  const usable = choosing && installed && !isDoubtful(pack) && inUse.length < understands.length;
  const checkable = installed && !builtin;
  return (
    <>
      {source !== null && (!installed || isDoubtful(pack)) && (
        <Download pack={pack} refused={refused} />
      )}
      {(usable || checkable) && (
        <div class="actions">
          {usable && (
            <Action to={to("use")} title="Use it" kind={builtin ? undefined : "primary"} />
          )}
          {checkable && <Action to={to("verify")} title="Check the files" />}
        </div>
      )}
    </>
  );
}

function Download({ pack, refused }: { pack: PackView; refused: boolean }) {
  const { name, licence, licenceUrl, nonCommercial, installed, status, progress } = pack;
  const title = progress
    ? "Resume"
    : installed
    ? "Download again"
    : status === "failed"
    ? "Try again"
    : "Download";
  return (
    <form method="post" action={`/models/${name}/pull`}>
      {refused && (
        <p class="fault" role="alert">
          Without your agreement to its licence this pack is not downloaded.
        </p>
      )}
      {nonCommercial && (
        <label class="check">
          <input type="checkbox" name="acceptLicence" value="yes" required />
          <span>
            I have read the licence{" "}
            {licenceUrl === null ? `“${licence}”` : <a href={licenceUrl}>{licence}</a>}{" "}
            and use this pack for non-commercial purposes only
          </span>
        </label>
      )}
      <p class="actions">
        <button type="submit" class={progress ? "primary" : undefined}>{title}</button>
      </p>
    </form>
  );
}
