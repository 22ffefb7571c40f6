/** For tests that fetch nothing. */
import type { Fetcher } from '../../src/holder/fetcher.js';

export const noNetwork: Fetcher = {
  fetch: ({ url }) =>
    Promise.resolve({ kind: 'failed', code: 'FETCH_NOT_ALLOWED', why: `${url} in a test` }),
};
