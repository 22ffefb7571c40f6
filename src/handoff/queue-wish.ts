/** What a search asks of the queue desk, from the service's options. */
import type { ServiceConfig } from '../config/config.js';
import type { Wanted } from './queue/vocabulary.js';

export function queueWish(
  { name, search, priority }: Pick<ServiceConfig, 'name' | 'search' | 'priority'>,
  queue: string,
  wish: Pick<Wanted, 'requestId' | 'sinceMs' | 'isAhead' | 'attemptsMax'>,
): Wanted {
  const { steps, isByTarget: _isByTarget, ...rules } = search;
  return {
    ...rules,
    ...wish,
    service: name,
    steps: steps[0]?.queue === queue ? steps : [{ queue, timeoutMs: 0, isCleared: false }],
    priority: priority ?? 0,
  };
}
