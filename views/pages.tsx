/** Links to the neighbouring pages of a list that is not in order of time; nothing for a single page. */
export function Pages({ page, pages, at, before = "Back", after = "More" }: {
  page: number;
  pages: number;
  /** Path of the list, with or without a query. */
  at: string;
  before?: string;
  after?: string;
}) {
  if (pages <= 1) return null;
  const to = (page: number) => `${at}${at.includes("?") ? "&" : "?"}page=${page}`;
  return (
    <nav class="pager" aria-label="Pages">
      {page > 1 && <a class="button" href={to(page - 1)}>{before}</a>}
      <span>Page {page} of {pages}</span>
      {page < pages && <a class="button" href={to(page + 1)}>{after}</a>}
    </nav>
  );
}
