/**
 * What a configuration asks for and this version cannot do yet, so that nobody waits for it to
 * happen. Single options are marked `unbuilt` in the schema and said at loading; here stands what
 * depends on how many of a thing there are, or on a value.
 */
import { finding } from './check-finding.js';
import type { DialbackConfig } from './config.js';
import type { Problem } from './problem.js';

export function checkUnbuilt(config: DialbackConfig): Problem[] {
  const { trunks } = config;
  const best = Math.min(...trunks.map(({ priority }) => priority));
  const used = trunks.findIndex(({ priority }) => priority === best);
  const idleTrunks = trunks.flatMap((_trunk, index) =>
    index === used ? [] : [`trunks[${index}]`],
  );
  const message = 'Never dialled: all calls leave by the first trunk of the lowest `priority`.';
  return idleTrunks.map((path) => finding(config, 'CHECK_NOT_BUILT', 'warning', path, message));
}
