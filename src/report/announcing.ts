/** The live stream, the notices and their delivery, put together for one process. */
import type { DialbackConfig } from '../config/config.js';
import type { Fetcher } from '../holder/fetcher.js';
import type { Clock, Log, Random } from '../ports.js';
import type { CallbackStore } from '../schedule/callback-store.js';
import { Announcer } from './announcer.js';
import { EventStream } from './event-stream.js';
import type { Standing } from './call-record.js';
import { RecordLines } from './record-lines.js';
import { Notifier } from './notifier.js';
import type { CallMetrics } from './call-metrics.js';

export interface AnnouncingDeps {
  config(): Pick<DialbackConfig, 'services' | 'notifications' | 'callRecords'>;
  baseUrl(): string;
  readonly store: CallbackStore;
  readonly fetcher: Fetcher;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where lines of call records go. */
  readonly records: { append(line: string): void };
  /** Where a customer of a service would stand in its queue now. */
  standing(serviceName: string): Standing | undefined;
  readonly metrics: Pick<CallMetrics, 'noticeDelivered'>;
}

export interface Announcing {
  readonly announcer: Announcer;
  readonly events: EventStream;
  readonly notifier: Notifier;
  readonly records: RecordLines;
}

const RUN_NAME_LENGTH = 8;

export function createAnnouncing(deps: AnnouncingDeps): Announcing {
  const { store, fetcher, clock, random, log, metrics } = deps;
  const events = new EventStream(random.uuid().slice(0, RUN_NAME_LENGTH));
  const notifier = new Notifier({
    ...{ store, fetcher, clock, random, log },
    secrets: () => deps.config().notifications.secrets,
    source: () => deps.baseUrl(),
    onDelivery: (kind) => metrics.noticeDelivered(kind),
  });
  const records = new RecordLines({
    ...{ store, log },
    isOn: () => deps.config().callRecords !== undefined,
    append: (line) => deps.records.append(line),
    standing: (serviceName) => deps.standing(serviceName),
  });
  const announcer = new Announcer({
    services: () => deps.config().services,
    events,
    records,
    poke: () => notifier.poke(),
  });
  return { announcer, events, notifier, records };
}
