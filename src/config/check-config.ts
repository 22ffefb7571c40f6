/** First form: finds nothing. */
import type { DialbackConfig } from './config.js';
import type { Problem } from './problem.js';

export function checkConfig(_config: DialbackConfig): Promise<Problem[]> {
  return Promise.resolve([]);
}
