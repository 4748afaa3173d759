import type { Child } from "hono/jsx";
import { Cover } from "./crops.tsx";
import { personName } from "./people_words.ts";
import { addressOf, hasFilter, type Params, valueOf, valuesOf } from "./search_address.ts";
import type { SearchView, Somebody } from "./search_view.ts";
import { capital, facesWords, formatName, ratingChoice } from "./search_words.ts";

/** What a person can be to the photos that are looked for. */
const ROLES = [["", "–"], ["all", "with"], ["any", "with any of"], ["none", "without"]] as const;

const ORIENTATIONS = [["landscape", "Landscape"], ["portrait", "Portrait"], ["square", "Square"]];
const FACES = ["0", "yes", "1", "2", "3+", "5+"];
const RATINGS = ["1+", "2+", "3+", "4+", "5", "0", "-1"];

/** Everything that narrows a search down, folded away until somebody wants it. */
export function FilterPanel({ view }: { view: SearchView }) {
  const { params, choices, faults } = view;
  const inPanel = faults.filter(({ field }) => FIELDS.has(field ?? ""));
  const faultOf = (field: string) => inPanel.find((fault) => fault.field === field)?.message;
  const { sessions } = choices;
  return (
    <details class="filter-panel" id="filters" open={inPanel.length > 0}>
      <summary class="button">
        <svg viewBox="0 0 18 14" width="18" height="14" aria-hidden="true">
          <path d="M1 3h10M15 3h2M1 11h2M7 11h10" />
          <circle cx="13" cy="3" r="2" />
          <circle cx="5" cy="11" r="2" />
        </svg>
        Filters
        {hasFilter(params) && <span class="unseen">, some are set</span>}
      </summary>
      <div class="filter-fields">
        {choices.people.length > 0 && <People people={choices.people} params={view.formParams} />}
        <KeptPeople people={choices.people} params={view.formParams} />
        <Field
          name="taken"
          title="Taken"
          fault={faultOf("taken")}
          echo={view.takenEcho ?? "2019, summer 2021, last month, May 2018 to July 2019"}
        >
          <Text name="taken" value={valueOf(params, "taken")} fault={faultOf("taken")} />
          {["from", "to"].map((end) => (
            valueOf(params, end) !== "" && (
              <input type="hidden" name={end} value={valueOf(params, end)} />
            )
          ))}
        </Field>
        <Field
          name="folder"
          title="Folder, with all below it"
          fault={faultOf("folder")}
        >
          <Text
            name="folder"
            value={valueOf(params, "folder")}
            list="search-folders"
            fault={faultOf("folder")}
          />
          <datalist id="search-folders">
            {choices.folders.map((folder) => <option value={folder} />)}
          </datalist>
        </Field>
        <Choice name="orientation" title="Shape" params={params} options={ORIENTATIONS} />
        <Choice
          name="faces"
          title="Faces"
          params={params}
          options={FACES.map((value) => [value, capital(facesWords(value))])}
        />
        <Choice
          name="rating"
          title="Stars"
          params={params}
          options={RATINGS.map((value) => [value, capital(ratingChoice(value))])}
        />
        {sessions.length > 0 && (
          <Choice
            name="session"
            title="Looked at by the session"
            params={params}
            options={sessions.map(({ id, name }) => [String(id), name])}
          />
        )}
        <Boxes name="camera" title="Camera" values={choices.cameras} params={params} />
        <Boxes
          name="type"
          title="File type"
          values={choices.formats}
          params={params}
          word={formatName}
        />
        <p class="filter-go">
          <button type="submit">Show these</button>
        </p>
      </div>
    </details>
  );
}

const FIELDS = new Set([
  "people",
  "taken",
  "folder",
  "camera",
  "orientation",
  "faces",
  "rating",
  "type",
  "session",
]);

function Field({ name, title, fault, echo, children }: {
  name: string;
  title: string;
  fault?: string;
  echo?: string;
  children?: Child;
}) {
  return (
    <div class="filter-field">
      <label class="field" for={`by-${name}`}>{title}</label>
      {children}
      {(fault ?? echo) && (
        <p id={`by-${name}-told`} class={fault ? "trouble" : "muted"}>{fault ?? echo}</p>
      )}
    </div>
  );
}

function Text({ name, value, list, fault }: {
  name: string;
  value: string;
  list?: string;
  fault?: string;
}) {
  return (
    <input
      type="text"
      id={`by-${name}`}
      name={name}
      value={value}
      list={list}
      dir="auto"
      autocomplete="off"
      aria-invalid={fault ? "true" : undefined}
      aria-describedby={fault || name === "taken" ? `by-${name}-told` : undefined}
    />
  );
}

function Choice({ name, title, params, options }: {
  name: string;
  title: string;
  params: Params;
  options: string[][];
}) {
  const chosen = valueOf(params, name);
  const known = options.some(([value]) => value === chosen);
  return (
    <Field name={name} title={title}>
      <select id={`by-${name}`} name={name}>
        <option value="">Any</option>
        {options.map(([value, word]) => (
          <option value={value} selected={value === chosen}>{word}</option>
        ))}
        {!known && chosen !== "" && <option value={chosen} selected>{chosen}</option>}
      </select>
    </Field>
  );
}

/** Any of these; what was asked for is shown even where nobody offers it. */
function Boxes({ name, title, values, params, word = (value) => value }: {
  name: string;
  title: string;
  values: string[];
  params: Params;
  word?: (value: string) => string;
}) {
  const chosen = valuesOf(params, name);
  const all = [...new Set([...chosen, ...values])];
  if (all.length === 0) return null;
  return (
    <fieldset class="filter-boxes">
      <legend class="field">{title}</legend>
      <div class="scrolled">
        {all.map((value) => (
          <label class="check">
            <input type="checkbox" name={name} value={value} checked={chosen.includes(value)} />
            <span>{word(value)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/**
 * Those for whom the form has no choice of its own, such as somebody who is gone, and what else
 * somebody is asked to be: only who takes them out leaves them out.
 */
function KeptPeople({ people, params }: { people: Somebody[]; params: Params }) {
  const chosen = new Set(people.map(({ id }) => {
    const role = ROLES.find(([name]) => valuesOf(params, `people_${name}`).includes(String(id)));
    return `${role?.[0]} ${id}`;
  }));
  return (
    <>
      {["all", "any", "none"].flatMap((role) =>
        valuesOf(params, `people_${role}`).filter((id) => !chosen.has(`${role} ${id}`))
          .map((id) => <input type="hidden" name={`people_${role}`} value={id} />)
      )}
    </>
  );
}

/** Each person with what they are to the photos; `later`: asks for their faces when it is seen. */
export function PeopleChoice({ people, params, later = false }: {
  people: Somebody[];
  params: Params;
  later?: boolean;
}) {
  const roleOf = (id: number) =>
    ["all", "any", "none"].find((role) =>
      valuesOf(params, `people_${role}`).includes(String(id))
    ) ?? "";
  const asks = {
    "hx-get": addressOf(params, "/search/people"),
    "hx-trigger": "intersect once",
    "hx-swap": "outerHTML",
  };
  return (
    <ul class="scrolled" id="search-people" {...(later ? asks : {})}>
      {people.map((person) => (
        <li>
          <Cover person={person} size={40} />
          <label for={`by-person-${person.id}`}>
            <bdi>{personName(person)}</bdi>
          </label>
          <select id={`by-person-${person.id}`} name={`person-${person.id}`}>
            {ROLES.map(([role, word]) => (
              <option value={role} selected={role === roleOf(person.id)}>{word}</option>
            ))}
          </select>
        </li>
      ))}
    </ul>
  );
}

function People({ people, params }: { people: Somebody[]; params: Params }) {
  return (
    <fieldset class="filter-people">
      <legend class="field">People</legend>
      <PeopleChoice people={people} params={params} later />
      <div class="filter-more">
        <label class="field" for="by-person-name">Somebody else</label>
        <span class="naming">
          <input
            type="text"
            id="by-person-name"
            name="name"
            list="search-names"
            dir="auto"
            autocomplete="off"
            hx-get="/people/names"
            hx-trigger="input changed delay:120ms"
            hx-target="#search-names"
            hx-swap="innerHTML"
            hx-sync="this:replace"
          />
          <select name="role" aria-label="With or without somebody else">
            {ROLES.slice(1).map(([role, word]) => <option value={role}>{word}</option>)}
          </select>
        </span>
        <datalist id="search-names"></datalist>
      </div>
    </fieldset>
  );
}
