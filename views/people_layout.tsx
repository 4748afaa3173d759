import type { Child } from "hono/jsx";
import { Deed } from "./deed.tsx";
import { Layout, type Place } from "./layout.tsx";
import { NameQuestion } from "./name_question.tsx";
import { type Frame, MOST_QUESTIONS } from "./people_view.ts";
import { KeyHelp, type Keys } from "./key_help.tsx";

export type Tab = "people" | "review" | "hidden" | "changes";

const TABS: { tab: Tab; href: string; title: string }[] = [
  { tab: "people", href: "/people", title: "People" },
  { tab: "review", href: "/review", title: "Review" },
  { tab: "hidden", href: "/people/hidden", title: "Hidden" },
  { tab: "changes", href: "/changes", title: "Changes" },
];

/**
 * The frame of the pages about people: all of it but the top is one part that forms exchange for a
 * new one. `names`: what name fields are completed with before anybody has typed.
 */
export function PeopleLayout(props: {
  title: string;
  place?: Place;
  tab?: Tab;
  frame: Frame;
  names?: string[];
  keys: Keys;
  /** A row of the page shows the question itself. */
  asksInRow?: boolean;
  /** Otherwise: what is being named, if the question itself does not show it. */
  questionFaces?: number[];
  questionCrop?: Child;
  children?: Child;
}) {
  const { title, place = "people", tab, frame, names = [], keys, asksInRow } = props;
  return (
    <Layout title={title} place={place}>
      <div id="work">
        {place !== "photos" && (
          <nav class="filters tabs" aria-label="People">
            {TABS.map((one) => (
              <a
                href={one.href}
                aria-current={one.tab === tab ? "page" : undefined}
                aria-label={one.tab === "review" ? reviewLabel(frame) : undefined}
              >
                {one.title}
                {one.tab === "review" && frame.questions > 0 && ` ${questionsOf(frame)}`}
              </a>
            ))}
          </nav>
        )}
        {frame.question && !asksInRow && (
          <NameQuestion
            question={frame.question}
            frame={frame}
            faces={props.questionFaces}
            crop={props.questionCrop}
          />
        )}
        {props.children}
        <datalist id="names">
          {[...new Set(names)].map((name) => <option value={name} />)}
        </datalist>
        <KeyHelp
          id="keys"
          keys={[...keys, ...UNDO_KEYS]}
          always="arrow keys, Space, Enter and Ctrl+Z"
        />
        {frame.undo && (
          <Deed to="/changes/undo" here={frame.here} id="undo" hidden>
            <input type="hidden" name="changeId" value={frame.undo.id} />
          </Deed>
        )}
        <Toast frame={frame} />
      </div>
    </Layout>
  );
}

const questionsOf = ({ questions }: Frame): string =>
  questions > MOST_QUESTIONS ? `${MOST_QUESTIONS}+` : String(questions);

/** What a screen reader says of the tab, which shows a bare number. */
const reviewLabel = (frame: Frame): string | undefined =>
  frame.questions === 0
    ? undefined
    : `Review ${questionsOf(frame)} open question${frame.questions === 1 ? "" : "s"}`;

/** What was done last, with the way back. */
function Toast({ frame: { news, here, now } }: { frame: Frame }) {
  const change = news?.change;
  // Read out if it is a new line of the page, not if it is the old one with the same words.
  const line = `news-${now.getTime()}`;
  return (
    <div id="news" class="toast" role="status">
      {news && !change && <p id={line}>It was so already: nothing was changed.</p>}
      {change?.undoneAt && <p id={line}>Taken back: {change.message}</p>}
      {change && !change.undoneAt && (
        <>
          <p id={line}>{change.message}</p>
          <Deed to="/changes/undo" here={here}>
            <button type="submit" name="changeId" value={change.id}>Undo</button>
          </Deed>
        </>
      )}
    </div>
  );
}

export const UNDO_KEYS: Keys = [[["U", "Ctrl+Z"], "takes back what was done last"], [
  ["?"],
  "shows these keys",
]];
