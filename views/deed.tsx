import type { Child } from "hono/jsx";

/**
 * With scripts a form exchanges the page's part about people for the one that the server shows after
 * it; without them the whole page. Queued, so that quick answers are carried out in their order.
 * Where a deed ends on another page, the server says so, and browsers go there.
 */
const EXCHANGE = {
  "hx-boost": 'select:"#work" target:"#work" swap:"outerMorph show:none"',
  "hx-sync": "#work:queue all",
};

/** A form that changes something about people, and comes back to `here`. */
export function Deed(
  { to, here, id, hidden, children, ...rest }: {
    to: string;
    here: string;
    id?: string;
    hidden?: boolean;
    class?: string;
    children?: Child;
  },
) {
  return (
    <form
      method="post"
      action={to}
      id={id}
      class={rest.class}
      hidden={hidden}
      {...EXCHANGE}
    >
      <input type="hidden" name="back" value={here} />
      {children}
    </form>
  );
}

/** The values of one field, unseen. */
export function Hidden({ name, values }: { name: string; values: (string | number)[] }) {
  return <>{values.map((value) => <input type="hidden" name={name} value={value} />)}</>;
}

/** A field for a name, completed out of those that are known. */
export function NameField({ title, value, placeholder = "Who is this?", id }: {
  title: string;
  value?: string;
  placeholder?: string;
  id?: string;
}) {
  return (
    <input
      type="text"
      name="name"
      id={id}
      class="name"
      list="names"
      value={value}
      required
      autocomplete="off"
      placeholder={placeholder}
      aria-label={title}
      hx-get="/people/names"
      hx-trigger="input changed delay:120ms"
      hx-target="#names"
      hx-swap="innerHTML"
      hx-sync="this:replace"
    />
  );
}
