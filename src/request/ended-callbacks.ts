/** All callbacks that a query finds, as pages in the order of their ends, for downloads of any length. */
import type { CallbackQuery, CallbackRecord, CallbackStore } from '../schedule/callback-store.js';

/**
 * Goes on behind what is deleted meanwhile: what ended first is deleted first, so where the last page ended
 * all before it is gone as well.
 * @param limit of a page
 */
export async function* endedCallbacks(
  store: Pick<CallbackStore, 'find' | 'get'>,
  query: Omit<CallbackQuery, 'after'>,
  limit: number,
): AsyncGenerator<readonly CallbackRecord[], void> {
  let { completedFromMs = 0 } = query;
  for (let last: CallbackRecord | undefined; ;) {
    const behind = last && { after: last.id };
    const page = await store.find({ ...query, completedFromMs, limit, ...behind });
    if (page.length > 0) yield page;
    const isPurged = page.length === 0 && last && (await store.get(last.id)) === undefined;
    if (page.length < limit && !isPurged) return;
    // Where it stood nobody knows any more; what ended in the same millisecond is gone with it.
    if (isPurged) completedFromMs = (last?.completedAtMs ?? 0) + 1;
    last = page.at(-1);
  }
}

/** What was read ahead, and the rest: an error of the first page is thrown before anything is sent. */
export async function readAhead<T>(
  pages: AsyncGenerator<T, void>,
): Promise<AsyncGenerator<T, void>> {
  const first = await pages.next();
  return (async function* () {
    if (first.done) return;
    yield first.value;
    yield* pages;
  })();
}
