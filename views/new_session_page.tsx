import { FolderRow, type FolderView, StillCounting } from "./folder_rows.tsx";
import { Layout } from "./layout.tsx";

/** What has been filled in so far, or nothing yet. */
export interface NewSessionForm {
  name: string;
  chosen: string[];
  recursive: boolean;
  skipFaceDetection: boolean;
  skipClustering: boolean;
}

export interface ChooserView {
  path: string;
  parent: string | null;
  /** The folder itself first, then the folders in it. */
  folders: FolderView[];
  truncated: boolean;
  form: NewSessionForm;
  error: string | null;
}

const HERE = "/sessions/new";
const into = (path: string) => `${HERE}?path=${encodeURIComponent(path)}`;

/** Choosing folders with links and boxes alone; the counts come by themselves where they can. */
export function NewSessionPage(view: ChooserView) {
  const { path, parent, folders, form, error } = view;
  const [itself, ...children] = folders;
  const boxed = (folder: FolderView) => form.chosen.includes(folder.value);
  return (
    <Layout title="New session" place="sessions">
      <p class="crumbs">
        <a href="/sessions">Sessions</a>
      </p>
      <h1>New session</h1>
      {error && <p class="fault" role="alert">{error}</p>}
      <section aria-labelledby="where" class="where">
        <h2 id="where">Where are the pictures?</h2>
        <nav aria-label="Folder" class="breadcrumbs">
          <ol>
            {breadcrumbs(path).map((crumb) => (
              <li>
                <a
                  href={into(crumb.path)}
                  aria-current={crumb.path === path ? "location" : undefined}
                >
                  {crumb.name}
                </a>
              </li>
            ))}
          </ol>
        </nav>
        <form method="get" action={HERE} class="go">
          <label for="path">Path</label>
          <input id="path" name="path" value={path} autocomplete="off" spellcheck={false} />
          <button type="submit">Go</button>
        </form>
      </section>
      <form method="post" action="/sessions">
        <input type="hidden" name="rootPath" value={path} />
        <fieldset class="folders">
          <legend>Folders to include</legend>
          <ul>
            <FolderRow folder={itself} checked={boxed(itself)} />
            {children.map((folder) => (
              <FolderRow folder={folder} checked={boxed(folder)} href={into(folder.path)} />
            ))}
          </ul>
          {children.length === 0 && <p class="facts">There are no folders in this one.</p>}
          {view.truncated && (
            <p class="facts">There are more folders than are shown; type the path of one above.</p>
          )}
          <StillCounting path={path} counting={folders.some((folder) => folder.counting)} />
          <noscript>
            <p class="facts">
              <a href={into(path)}>Look at the counts again</a>
            </p>
          </noscript>
          {parent !== null && (
            <p class="facts">
              <a href={into(parent)}>Up to {parent}</a>
            </p>
          )}
        </fieldset>
        <fieldset class="options">
          <legend>What to do</legend>
          <label class="field" for="name">Name</label>
          <input id="name" name="name" value={form.name} maxlength={200} />
          <Option name="recursive" checked={form.recursive} title="Also the folders below them" />
          <Option
            name="skipFaceDetection"
            checked={form.skipFaceDetection}
            title="Leave faces out (searching works without them)"
          />
          <Option
            name="skipClustering"
            checked={form.skipClustering}
            title="Find faces, but do not group them"
          />
        </fieldset>
        <p class="actions">
          <button type="submit" name="then" value="start" class="primary">Start now</button>
          <button type="submit" name="then" value="keep">Keep for later</button>
        </p>
        <p class="facts">
          Safelight only reads your pictures; it never changes, moves or deletes them.
        </p>
      </form>
    </Layout>
  );
}

function Option({ name, title, checked }: { name: string; title: string; checked: boolean }) {
  return (
    <label class="check">
      <input type="checkbox" name={name} value="yes" checked={checked} /> {title}
    </label>
  );
}

/** "/a/b" as links to the top, to "/a" and to "/a/b". */
export function breadcrumbs(path: string): { name: string; path: string }[] {
  const names = path.split("/").filter(Boolean);
  return [
    { name: "All folders", path: "/" },
    ...names.map((name, index) => ({ name, path: `/${names.slice(0, index + 1).join("/")}` })),
  ];
}
