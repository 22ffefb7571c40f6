/** A finding of `check`, with the place of its path in the file. */
import type { DialbackConfig } from './config.js';
import { locate } from './positions.js';
import type { Problem, ProblemCode } from './problem.js';

export function finding(
  config: DialbackConfig,
  code: ProblemCode,
  severity: Problem['severity'],
  path: string,
  message: string,
  hints: Pick<Problem, 'found' | 'allowed' | 'suggestion'> = {},
): Problem {
  return { code, severity, ...locate(config, path), path, message, ...hints };
}
