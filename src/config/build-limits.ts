/** The limits of a service, and those of all services together. */
import { resolve } from 'node:path';
import { IANAZone } from 'luxon';
import { addFault, type BuildContext } from './build-parts.js';
import type { DiallingConfig, ServiceLimits } from './config.js';
import { NUMBER_KINDS } from './schema-terms.js';
import type { OptionReader } from './values.js';

const MINUTE_MS = 60_000;

export function buildServiceLimits(read: OptionReader): ServiceLimits {
  const refused = new Set(read.texts('refusedNumbers'));
  const recovery = read.optionalText('_queue_poll_period_recovery');
  const kinds = NUMBER_KINDS.filter((kind) => refused.has(kind));
  return {
    allowedCountries: read.texts('allowedCountries'),
    refusesImpossibleNumbers: read.flag('_disallow_impossible_phone_numbers'),
    refusedKinds: read.flag('_disallow_premium_phone_numbers') ? ['premium', ...kinds] : kinds,
    allowedPrefixes: read.texts('allowedPrefixes'),
    maxConcurrentCalls: read.optionalNumber('maxConcurrentCalls'),
    maxCallsPerSecond: read.optionalNumber('maxCallsPerSecond'),
    maxAttemptsPerDay: read.optionalNumber('maxAttemptsPerDay'),
    dialShare: read.number('dialShare'),
    leftOverAfterMs: minutesAgoMs(read.text('_queue_poll_period')),
    givenUpAfterMs: recovery === undefined ? Infinity : minutesAgoMs(recovery),
  };
}

export function buildDialling(read: OptionReader, context: BuildContext): DiallingConfig {
  const file = read.optionalText('doNotCall');
  const dayZone = read.text('dayZone');
  if (!IANAZone.isValidZone(dayZone)) {
    const allowed = 'an IANA time zone, such as Europe/Berlin';
    addFault(context, 'CONFIG_BAD_FORMAT', 'dialling.dayZone', 'No such zone.', { allowed });
  }
  return {
    allowedCountries: read.texts('allowedCountries'),
    doNotCallFile: file === undefined ? undefined : resolve(context.folder, file),
    maxConcurrentCalls: read.optionalNumber('maxConcurrentCalls'),
    maxCallsPerSecond: read.optionalNumber('maxCallsPerSecond'),
    maxAttemptsPerDay: read.optionalNumber('maxAttemptsPerDay'),
    dayZone,
    warmStartMs: read.durationMs('warmStartMs'),
    warmStartAfterMs: read.durationMs('warmStartAfterMs'),
  };
}

/** `-120,120`: how long ago the span begins. */
function minutesAgoMs(span: string): number {
  return -Number.parseInt(span, 10) * MINUTE_MS;
}
