/** Recordings (2.0, 2.3.6). */
import { attributeOf } from '../../plugin/scxml/document/xml.js';
import { PageEvent } from '../errors.js';
import type { Dialog } from './dialog.js';
import { propertiesOf } from './env.js';
import type { Item } from './items.js';
import { RECORDING } from './prompts.js';
import { durationMs } from './time.js';

const MAX_TIME_MS = 10 * 60_000;
const DEFAULT_MAX_TIME = '60s';
const DEFAULT_FINAL_SILENCE = '3s';

/** @throws PageEvent */
export async function visitRecord(dialog: Dialog, item: Item): Promise<void> {
  const { shared } = dialog.context;
  const { element } = item;
  const time = (name: string, otherwise: string): number =>
    durationMs(attributeOf(element, name) ?? otherwise, name);
  shared.beginTurn();
  const isEndedByKey = attributeOf(element, 'dtmfterm') !== 'false';
  const outcome = await shared.platform.record({
    prompts: shared.takePrompts(),
    beep: attributeOf(element, 'beep') === 'true',
    maxTimeMs: Math.min(time('maxtime', DEFAULT_MAX_TIME), MAX_TIME_MS),
    finalSilenceMs: time('finalsilence', DEFAULT_FINAL_SILENCE),
    timeoutMs: propertiesOf(dialog.env(item)).timeMs('timeout'),
    endDigits: isEndedByKey ? '0123456789*#' : '',
  });
  switch (outcome.kind) {
    case 'failed':
      throw new PageEvent(outcome.event, outcome.why);
    case 'hung-up':
      return shared.hungUp();
    case 'noinput':
      throw new PageEvent('noinput');
    case 'recorded': {
      const { id, durationMs: duration, sizeBytes: size, termChar: termchar, isMaxTime } = outcome;
      const { scopes } = shared;
      scopes.set(dialog.scope, item.variable, JSON.stringify(RECORDING + id));
      const shadow = { duration, size, termchar: termchar ?? null, maxtime: isMaxTime };
      scopes.set(dialog.scope, `${item.variable}$`, JSON.stringify(shadow));
      // The recording is there for the handler, which may submit it.
      if (outcome.isHungUp) return shared.hungUp();
      dialog.markFilled(item);
    }
  }
}
