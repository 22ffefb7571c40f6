/** Transfers: bridge, blind, consultation (2.0, 2.3.7; 2.1, 7). */
import { attributeOf } from '../../plugin/scxml/document/xml.js';
import { Matcher } from '../dtmf/matcher.js';
import { PageEvent, unsupported } from '../errors.js';
import type { TransferOrder } from '../platform.js';
import { resolveUrl } from '../document/page.js';
import { activeGrammars } from './active-grammars.js';
import type { Dialog } from './dialog.js';
import { propertiesOf } from './env.js';
import type { Item } from './items.js';
import { attributeOrExpression, textAttribute } from './references.js';
import { durationMs } from './time.js';

const DESTINATION = /^(tel|sips?):[^\s\p{C}]{1,250}$/iu;
const DEFAULT_CONNECT_TIMEOUT = '30s';

/** @throws PageEvent */
export async function visitTransfer(dialog: Dialog, item: Item): Promise<void> {
  const { shared } = dialog.context;
  const order = orderOf(dialog, item);
  const input = order.kind === 'blind' ? undefined : await inputOf(dialog, item);
  shared.beginTurn();
  const prompts = shared.takePrompts();
  const outcome = await shared.platform.transfer({ ...order, prompts, input });
  switch (outcome.kind) {
    case 'failed':
      throw new PageEvent(outcome.event, outcome.why);
    case 'hung-up':
      return shared.hungUp();
    case 'transferred':
      shared.noteHangUp();
      throw new PageEvent('connection.disconnect.transfer', 'the call was transferred');
    case 'ended': {
      const { scopes } = shared;
      scopes.set(dialog.scope, item.variable, JSON.stringify(outcome.result));
      const { durationMs: talkMs, digits } = outcome;
      const keyed = digits === undefined ? {} : { inputmode: 'dtmf', utterance: digits };
      const shadow = { duration: talkMs / 1000, ...keyed };
      scopes.set(dialog.scope, `${item.variable}$`, JSON.stringify(shadow));
      dialog.markFilled(item);
    }
  }
}

/** Its own grammars alone, which end it (2.3.7.2.1). */
async function inputOf(dialog: Dialog, item: Item): Promise<TransferOrder['input']> {
  const active = await activeGrammars(dialog, item);
  const properties = propertiesOf(dialog.env(item));
  if (active.length === 0 || !properties.listensTo('dtmf')) return undefined;
  const matcher = new Matcher(active.map(({ grammar }) => grammar));
  return { matcher, ...properties.inputTimes() };
}

function orderOf(dialog: Dialog, item: Item): Omit<TransferOrder, 'prompts'> {
  const { element } = item;
  const env = dialog.env(item);
  const destination = attributeOrExpression(element, 'dest', 'destexpr', env);
  if (!DESTINATION.test(destination)) {
    throw unsupported('uri', `${destination.slice(0, 60)} is neither tel: nor sip:`);
  }
  const audio = attributeOf(element, 'transferaudio');
  return {
    kind: kindOf(attributeOf(element, 'type'), attributeOf(element, 'bridge')),
    destination,
    connectTimeoutMs: durationMs(
      attributeOf(element, 'connecttimeout') ?? DEFAULT_CONNECT_TIMEOUT,
      'connecttimeout',
    ),
    maxTimeMs: durationMs(attributeOf(element, 'maxtime') ?? '0s', 'maxtime'),
    audioUrl: audio === undefined ? undefined : resolveUrl(audio, dialog.context.page.base),
    aai: textAttribute(element, 'aai', 'aaiexpr', env),
  };
}

function kindOf(type: string | undefined, bridge: string | undefined): TransferOrder['kind'] {
  if (type === undefined) return bridge === 'true' ? 'bridge' : 'blind';
  if (type === 'bridge' || type === 'blind' || type === 'consultation') return type;
  throw unsupported('transfer', `type ${type.slice(0, 30)}`);
}
