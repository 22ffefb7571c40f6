/** Trunks, and the rows of the result table, of a configuration; and the rules that hold between their options. */
import { ANSWER_WORDS } from '../callflow/call-state.js';
import { namesNo, RESULT_ACTIONS, type ResultRow } from '../dial/result-rows.js';
import { NUMBER_FORMATS } from '../dial/trunk.js';
import { isReservedHeader } from '../dial/trunk-headers.js';
import { SRTP_CHOICES } from './schema-trunks.js';
import { addFault, blockReader, readersOf, textsByName, type BuildContext } from './build-parts.js';
import type { DialbackConfig, ServiceConfig, TrunkConfig } from './config.js';
import type { OptionReader } from './values.js';

export function buildTrunks(
  read: OptionReader,
  context: BuildContext,
): Pick<DialbackConfig, 'trunks' | 'trunkResults' | 'inbound'> {
  const trunks = readersOf('trunks', read).map(([, reader]) => buildTrunk(reader));
  trunks.forEach((trunk, index) => {
    refuseHeaders(trunk, `trunks[${index}]`, context);
    if (trunk.isSecure && read.choice('engine', ['embedded', 'servers']) === 'embedded') {
      const message = 'The embedded engine has no SRTP: `engine: servers`, or `srtp: off`.';
      addFault(context, 'CONFIG_NO_SRTP', `trunks[${index}].srtp`, message);
    }
    if (trunk.country !== undefined || !wantsCountry(trunk)) return;
    const message = '`national` needs to know whose numbers are national.';
    addFault(context, 'CONFIG_MISSING_OPTION', `trunks[${index}].country`, message);
  });
  const inbound = blockReader('inbound', read);
  const rows = readersOf('trunkResults', read);
  return {
    trunks,
    inbound: {
      acceptFrom: inbound.texts('acceptFrom'),
      status: inbound.number('status'),
      redirectTo: inbound.optionalText('redirectTo'),
      service: inbound.optionalText('service'),
      maxCalls: inbound.number('maxCalls'),
      maxCallsPerSecond: inbound.number('maxCallsPerSecond'),
      cancelsCallbacks: inbound.flag('cancelCallbacks'),
    },
    trunkResults: rows.map(([, reader], index) => buildRow(reader, index, trunks, context)),
  };
}

/** A call is taken, or sent on; taken, it needs a queue to wait in. */
export function refuseInbound(
  read: OptionReader,
  services: readonly ServiceConfig[],
  context: BuildContext,
): void {
  const inbound = blockReader('inbound', read);
  const wanted = inbound.optionalText('service');
  if (wanted === undefined) return;
  const path = 'inbound.service';
  if (inbound.optionalText('redirectTo') !== undefined) {
    const message = 'A call is taken (`service`) or sent on (`redirectTo`), not both.';
    addFault(context, 'CONFIG_INBOUND', path, message);
  }
  const service = services.find(({ name }) => name === wanted);
  if (service?.options.queue !== undefined) return;
  const message = service ? 'This service has no queue.' : 'No service has this name.';
  const allowed = services.filter(({ options }) => options.queue !== undefined);
  addFault(context, 'CONFIG_INBOUND', path, message, {
    allowed: allowed.map(({ name }) => name).join(', '),
  });
}

function buildTrunk(read: OptionReader): TrunkConfig {
  return {
    name: read.optionalText('name') ?? '',
    uri: read.optionalText('uri') ?? '',
    proxyUri: read.optionalText('outboundProxy'),
    username: read.optionalText('username'),
    password: read.optionalText('password'),
    maxConcurrentCalls: read.number('maxConcurrentCalls'),
    maxCallsPerSecond: read.number('maxCallsPerSecond'),
    priority: read.number('priority'),
    weight: read.number('weight'),
    allowedCountries: read.texts('allowedCountries'),
    numberFormat: read.choice('numberFormat', NUMBER_FORMATS),
    internationalPrefix: read.text('internationalPrefix'),
    country: read.optionalText('country'),
    numberPrefix: read.optionalText('numberPrefix'),
    callerId: read.optionalText('callerId'),
    callerName: read.optionalText('callerName'),
    callerIds: textsByName(read, 'callerIds'),
    callerIdFormat: read.choice('callerIdFormat', NUMBER_FORMATS),
    assertedIdentity: read.optionalText('assertedIdentity'),
    privacy: read.choice<'none' | 'id'>('privacy', ['none', 'id']),
    diversion: read.optionalText('diversion'),
    headers: textsByName(read, 'headers'),
    redirectsTo: read.texts('redirectsTo'),
    registerExpiresMs: read.flag('register') ? read.durationMs('registerExpires') : undefined,
    optionsIntervalMs: read.durationMs('optionsInterval') || undefined,
    isReliable: read.flag('reliableProvisionals'),
    isSecure: read.choice('srtp', SRTP_CHOICES) === 'required',
    sessionExpiresMs: read.optionalNumber('sessionExpires') && read.durationMs('sessionExpires'),
  };
}

function buildRow(
  read: OptionReader,
  index: number,
  trunks: readonly TrunkConfig[],
  context: BuildContext,
): ResultRow {
  const id = `trunkResults[${index}]`;
  const named = read.isSet('trunks') ? read.texts('trunks') : undefined;
  const known = trunks.map(({ name }) => name);
  if (named?.some((one) => !known.includes(one))) {
    const message = 'No trunk has this name.';
    addFault(context, 'CONFIG_UNKNOWN_TRUNK', `${id}.trunks`, message, {
      allowed: known.join(', '),
    });
  }
  const from = read.optionalNumber('status');
  const to = read.optionalNumber('statusTo') ?? from;
  if ((from === undefined) !== (to === undefined) || (from ?? 0) > (to ?? 0)) {
    const message = 'A range goes from `status` up to `statusTo`.';
    addFault(context, 'CONFIG_BAD_RANGE', `${id}.statusTo`, message);
  }
  const status: ResultRow['when']['status'] =
    from === undefined || to === undefined ? undefined : [from, to];
  const q850Cause = read.optionalNumber('q850Cause');
  const then = read.choice('then', RESULT_ACTIONS);
  if (then === 'next-trunk' && namesNo({ status, q850Cause })) {
    const message = 'No other trunk is ever tried after busy or decline.';
    const allowed = RESULT_ACTIONS.filter((action) => action !== then).join(', ');
    addFault(context, 'CONFIG_NEXT_TRUNK', `${id}.then`, message, { allowed });
  }
  const written = read.optionalText('answer');
  const [, headerName = '', text = ''] =
    /^([^:]+): ?(.*)$/.exec(read.optionalText('header') ?? '') ?? [];
  return {
    id,
    when: {
      trunks: named,
      status,
      q850Cause,
      reasonText: read.optionalText('reasonText'),
      header: headerName === '' ? undefined : { name: headerName, text },
    },
    then,
    answer: ANSWER_WORDS.find((word) => word === written),
    why: read.text('why'),
  };
}

function wantsCountry({ numberFormat, callerIdFormat }: TrunkConfig): boolean {
  return numberFormat === 'national' || callerIdFormat === 'national';
}

function refuseHeaders({ headers = {} }: TrunkConfig, path: string, context: BuildContext): void {
  const refused = Object.keys(headers).filter(isReservedHeader);
  if (refused.length === 0) return;
  const message = 'Such a header is not ours to choose, or has an option of its own.';
  addFault(context, 'CONFIG_RESERVED_HEADER', `${path}.headers`, message);
}
