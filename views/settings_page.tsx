import type { Hours, HoursSetting } from "../db/settings.ts";
import { Layout } from "./layout.tsx";
import { Time } from "./parts.tsx";

export interface SettingsView {
  setting: HoursSetting;
  /** With hours: whether work may be done now, and when that changes. */
  state: { open: boolean; until: Date } | null;
  /** What the fields show: what was typed, what is set, or a proposal. */
  form: Hours & { limited: boolean };
  zones: string[];
  serverZone: string;
  error: string | null;
  now: Date;
}

/** What is set for the whole installation: so far, the hours of work. */
export function SettingsPage(view: SettingsView) {
  const { setting: { hours, changed }, state, form, zones, serverZone, error, now } = view;
  return (
    <Layout title="Settings" place="settings">
      <h1>Settings</h1>
      {error && <p class="fault" role="alert">{error}</p>}
      <form method="post" action="/settings">
        <fieldset class="options">
          <legend>Hours of work</legend>
          <p>
            Sessions can wait for the night, say, so that they do not get into your way. What runs
            when the hours end pauses, and goes on by itself when they begin.
          </p>
          <label class="check">
            <input type="checkbox" name="limited" value="yes" checked={form.limited} />{" "}
            Work only at certain hours
          </label>
          <div class="hours">
            <div>
              <label class="field" for="from">From</label>
              <input id="from" name="from" type="time" value={form.from} required />
            </div>
            <div>
              <label class="field" for="to">To</label>
              <input id="to" name="to" type="time" value={form.to} required />
            </div>
            <div class="zone">
              <label class="field" for="timeZone">Time zone</label>
              <select id="timeZone" name="timeZone">
                {zones.map((zone) => (
                  <option value={zone} selected={zone === form.timeZone}>{zone}</option>
                ))}
              </select>
            </div>
          </div>
          <p class="facts">
            From the evening to the morning works too: 22:00 to 06:00. A session that is not to wait
            can be told so on its page.
          </p>
          <p class="actions">
            <button type="submit" class="primary">Save</button>
          </p>
        </fieldset>
      </form>
      <p role="status">
        {hours === null || state === null ? "Sessions run at any time." : (
          <>
            Sessions run from {hours.from} to {hours.to} ({hours.timeZone}).{" "}
            {state.open ? "They may run now, until" : "Now they wait, until"}{" "}
            <Time at={state.until} now={now} />
            {hours.timeZone !== serverZone && ` by the clock of this server (${serverZone})`}.
          </>
        )}
      </p>
      {changed && (
        <p class="purpose">
          Last changed <Time at={changed.at} now={now} /> by {changed.by}
        </p>
      )}
    </Layout>
  );
}
