/** Keys and what they do, in the order of the help. */
export type Keys = [keys: string[], does: string][];

/**
 * The keys of a page, hidden until its script shows them by `id`: without it there are none. `always` are
 * those that work without keys of one letter, which can be switched off (WCAG 2.1.4).
 */
export function KeyHelp({ id, keys, always }: { id: string; keys: Keys; always: string }) {
  return (
    <details class="keys" id={id} hidden>
      <summary>Keys</summary>
      <dl>
        {keys.map(([names, does]) => (
          <div>
            <dt>{names.map((name) => <kbd>{name}</kbd>)}</dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input type="checkbox" id="keys-on" checked autocomplete="off" />
        <span>Use keys of one letter; {always} always work</span>
      </label>
    </details>
  );
}
