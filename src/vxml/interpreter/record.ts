/** Recordings (2.0, 2.3.6). */
import { attributeOf } from '../../plugin/scxml/document/xml.js';
import { Matcher } from '../dtmf/matcher.js';
import { placed, PageEvent, unsupported } from '../errors.js';
import type { RecordOrder, RecordOutcome } from '../platform.js';
import { activeGrammars, type ActiveGrammar } from './active-grammars.js';
import type { Dialog } from './dialog.js';
import { propertiesOf } from './env.js';
import type { Item } from './items.js';
import { RECORDING } from './prompts.js';
import { durationMs } from './time.js';
import { processOther } from './visits.js';

const MAX_TIME_MS = 10 * 60_000;
const DEFAULT_MAX_TIME = '60s';
const DEFAULT_FINAL_SILENCE = '3s';
/** What a call is recorded as, by the names in use for it. */
const FORMATS = new Set(['audio/x-wav', 'audio/wav', 'audio/wave', 'audio/vnd.wave']);

/** @throws PageEvent */
export async function visitRecord(dialog: Dialog, item: Item): Promise<void> {
  const { shared } = dialog.context;
  const active = await activeGrammars(dialog, item);
  const order = orderOf(dialog, item, active);
  shared.beginTurn();
  const outcome = await shared.platform.record({ ...order, prompts: shared.takePrompts() });
  switch (outcome.kind) {
    case 'failed':
      throw new PageEvent(outcome.event, outcome.why);
    case 'hung-up':
      return shared.hungUp();
    case 'noinput':
      throw new PageEvent('noinput');
    case 'recorded': {
      const chosen = outcome.match && active[outcome.match.grammar];
      if (outcome.match && chosen && chosen.owner.kind !== 'item') {
        return processOther(dialog, item, chosen, outcome.match);
      }
      take(dialog, item, outcome);
      // The recording is there for the handler, which may submit it.
      if (outcome.isHungUp) return shared.hungUp();
      dialog.markFilled(item);
    }
  }
}

function orderOf(
  dialog: Dialog,
  item: Item,
  active: readonly ActiveGrammar[],
): Omit<RecordOrder, 'prompts'> {
  const { element } = item;
  const properties = propertiesOf(dialog.env(item));
  const format = attributeOf(element, 'type')?.split(';')[0]?.trim().toLowerCase();
  if (format !== undefined && !FORMATS.has(format)) {
    throw unsupported(
      'format',
      placed(element.at, `recordings are WAV, not ${format.slice(0, 40)}`),
    );
  }
  const time = (name: string, otherwise: string): number =>
    durationMs(attributeOf(element, name) ?? otherwise, name);
  const matcher = new Matcher(active.map(({ grammar }) => grammar));
  const isMuted = !properties.listensTo('dtmf');
  const isEndedByKey = !isMuted && attributeOf(element, 'dtmfterm') !== 'false';
  return {
    beep: attributeOf(element, 'beep') === 'true',
    maxTimeMs: Math.min(time('maxtime', DEFAULT_MAX_TIME), MAX_TIME_MS),
    finalSilenceMs: time('finalsilence', DEFAULT_FINAL_SILENCE),
    timeoutMs: properties.timeMs('timeout'),
    endDigits: isEndedByKey ? '0123456789*#' : '',
    ...(active.length > 0 && !isMuted && { input: { matcher, ...properties.inputTimes() } }),
  };
}

/** The item and its shadow variables. */
function take(
  dialog: Dialog,
  { variable }: Item,
  outcome: Extract<RecordOutcome, { kind: 'recorded' }>,
): void {
  const { id, durationMs: duration, sizeBytes: size, termChar: termchar, isMaxTime } = outcome;
  const { scopes } = dialog.context.shared;
  scopes.set(dialog.scope, variable, JSON.stringify(RECORDING + id));
  const shadow = { duration, size, termchar: termchar ?? null, maxtime: isMaxTime };
  scopes.set(dialog.scope, `${variable}$`, JSON.stringify(shadow));
}
