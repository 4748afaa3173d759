import { Layout } from "./layout.tsx";

/**
 * A deed that could not be done, with what was typed, so that nothing is lost without scripts; with
 * them people.js shows the message where it was asked for, and the page stays as it is.
 */
export function RefusedPage({ message, to, back, fields }: {
  message: string;
  /** Where the form was sent to, and from. */
  to: string;
  back: string;
  fields: [name: string, value: string][];
}) {
  const name = fields.find(([field]) => field === "name");
  const others = fields.filter(([field]) => field !== "name");
  return (
    <Layout title="That could not be done" place="people">
      <h1>That could not be done</h1>
      <p class="lead" data-fault>{message}</p>
      {name && (
        <form method="post" action={to} class="naming">
          {others.map(([field, value]) => <input type="hidden" name={field} value={value} />)}
          <input
            type="text"
            name="name"
            class="name"
            value={name[1]}
            aria-label="Name"
            autocomplete="off"
          />
          <button type="submit" class="primary">Try again</button>
        </form>
      )}
      <p>
        <a class="button" href={back}>Back</a>
      </p>
    </Layout>
  );
}
