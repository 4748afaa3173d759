/** Links to the neighbouring pages of a list; nothing where there is one page only. */
export function Pager({ page, pages, at }: { page: number; pages: number; at: string }) {
  if (pages <= 1) return null;
  return (
    <nav class="pager" aria-label="Pages">
      {page > 1 && <a class="button" href={`${at}?page=${page - 1}`}>Newer</a>}
      <span>Page {page} of {pages}</span>
      {page < pages && <a class="button" href={`${at}?page=${page + 1}`}>Older</a>}
    </nav>
  );
}
