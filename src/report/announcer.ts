/**
 * Where changes of callbacks become known: to the live stream once they are on disk, and as notices in
 * the transaction that makes them. Requests pass through the store it wraps; sessions tell their steps.
 */
import { recordStateOf } from '../callflow/final-reason.js';
import type { Event, State, Step } from '../callflow/vocabulary.js';
import type { NotificationConfig, ServiceConfig } from '../config/config.js';
import { overrideService } from '../config/override-service.js';
import type { CallbackRecord, CallbackStore, NewCallback } from '../schedule/callback-store.js';
import type { NoticeDraft } from '../schedule/notices.js';
import type { RecordLines } from './record-lines.js';
import type { EventStream } from './event-stream.js';
import { draftsOf, eventsOfStep, reminderOf, type NoticeFacts } from './notice-drafts.js';

export interface AnnouncerDeps {
  services(): Readonly<Record<string, ServiceConfig>>;
  readonly events: EventStream;
  /** There is a notice to deliver. */
  poke(): void;
  /** Told when a callback begins and ends. */
  readonly records?: Pick<RecordLines, 'started' | 'ended'> | undefined;
}

/** With the number of the latest attempt. */
type Dialled = CallbackRecord & Pick<NoticeFacts, 'dialledNumber'>;

export interface GivenUp {
  readonly notices: readonly NoticeDraft[];
  readonly told: () => void;
}

/** What a session tells of its steps. */
export interface StepAnnouncer {
  /** To be written with the step. */
  notices(
    callback: Dialled,
    service: ServiceConfig,
    before: State,
    event: Event,
    step: Step,
  ): NoticeDraft[];
  /** It is on disk, or on its way there. */
  taken(callback: CallbackRecord, service: ServiceConfig, event: Event, step: Step): void;
  /** Its end, told before, could be written only now. */
  endWritten(id: string): void;
  /** It ends without a session. */
  givenUp(callback: CallbackRecord, reason: string, atMs: number): GivenUp;
}

export class Announcer implements StepAnnouncer {
  constructor(private readonly deps: AnnouncerDeps) {}

  notices(
    callback: Dialled,
    { notification }: ServiceConfig,
    before: State,
    event: Event,
    step: Step,
  ): NoticeDraft[] {
    if (!notification.isOn) return [];
    const { state } = step;
    const facts = {
      ...callback,
      state: recordStateOf(state),
      callState: state.context.callState,
      reason: state.name === 'ended' ? state.reason : undefined,
    };
    return draftsOf(notification, eventsOfStep(before, event, step), facts, event.atMs);
  }

  taken(callback: CallbackRecord, { notification }: ServiceConfig, event: Event, step: Step): void {
    const { state, row } = step;
    const isStart = event.type === 'due' && state.name !== 'waiting-until-due';
    if (isStart) this.deps.records?.started(callback, event.atMs);
    if (state.name === 'ended') this.deps.records?.ended(callback.id);
    const { attempt, callState } = state.context;
    this.deps.events.publish({
      type: 'step',
      service: callback.serviceName,
      data: {
        id: callback.id,
        state: recordStateOf(state),
        flow: state.name,
        ...{ atMs: event.atMs, event: event.type, row, attempt, callState },
        ...(state.name === 'ended' && { reason: state.reason }),
      },
    });
    if (notification.isOn) this.deps.poke();
  }

  endWritten(id: string): void {
    this.deps.records?.ended(id);
  }

  /** It ends without a session; to be written with its end, and told once that is on disk. */
  givenUp(callback: CallbackRecord, reason: string, atMs: number): GivenUp {
    const facts = { ...callback, state: 'COMPLETED', reason };
    const isFailure = reason.startsWith('FAIL_');
    const names = [
      '_cbe_on_callback_status_updated',
      ...(isFailure ? ['_cbe_on_callback_processing_failed'] : []),
      '_cbe_on_service_exit',
    ];
    return {
      notices: this.#drafts(callback, names, facts, atMs),
      told: () => {
        const { id, serviceName: service, desiredAtMs } = callback;
        const data = { id, state: 'COMPLETED', desiredAtMs, reason };
        this.deps.events.publish({ type: 'ended', service, data });
        this.deps.records?.ended(id);
        this.deps.poke();
      },
    };
  }

  /** The store as those use it who change callbacks from outside. */
  watched(store: CallbackStore): CallbackStore {
    const changed = (type: string, record: CallbackRecord): void => {
      const { id, serviceName: service, state, desiredAtMs, reason } = record;
      this.deps.events.publish({ type, service, data: { id, state, desiredAtMs, reason } });
      if (this.#notificationOf(record)?.isOn === true) this.deps.poke();
    };
    const withNotices = (callback: NewCallback): NewCallback => {
      const isLater = callback.desiredAtMs > callback.createdAtMs;
      const facts = { ...callback, state: isLater ? 'SCHEDULED' : 'QUEUED' };
      const name = isLater ? '_cbe_on_callback_scheduled' : '_cbe_on_callback_queued';
      return { ...callback, notices: this.#drafts(callback, [name], facts, callback.createdAtMs) };
    };
    const own: Pick<CallbackStore, 'accept' | 'admit' | 'requestCancel' | 'reschedule'> = {
      accept: async (callback, ...more) => {
        const record = await store.accept(withNotices(callback), ...more);
        if (record.id === callback.id) changed('accepted', record);
        return record;
      },
      admit: async (callback, ...more) => {
        const result = await store.admit(withNotices(callback), ...more);
        if (result.ok && result.record.id === callback.id) changed('accepted', result.record);
        return result;
      },
      requestCancel: async (id, by, atMs) => {
        const record = await store.get(id);
        const reason = by === 'admin' ? 'CANCELLED_BY_ADMIN' : 'CANCELLED';
        const names = ['_cbe_on_callback_status_updated', '_cbe_on_callback_cancelled'];
        const facts = record && { ...record, state: 'COMPLETED', reason };
        const notices = facts && this.#drafts(facts, names, facts, atMs);
        const result = await store.requestCancel(id, by, atMs, notices);
        if (record && (result === 'cancelled' || result === 'asked')) {
          const after = (await store.get(id)) ?? record;
          changed(result === 'asked' ? 'cancel-requested' : 'cancelled', after);
          if (result === 'cancelled') this.deps.records?.ended(id);
        }
        return result;
      },
      reschedule: async (id, changes) => {
        const record = await store.get(id);
        const isLater = (changes.desiredAtMs ?? 0) > changes.atMs;
        const facts = record && {
          ...record,
          ...(changes.desiredAtMs !== undefined && { desiredAtMs: changes.desiredAtMs }),
          state: isLater ? 'SCHEDULED' : record.state,
        };
        const names = ['_cbe_on_callback_rescheduled'];
        const notices = facts && this.#drafts(facts, names, facts, changes.atMs);
        const result = await store.reschedule(id, { ...changes, ...(notices && { notices }) });
        if (result.ok) changed('rescheduled', result.record);
        return result;
      },
    };
    return new Proxy(store, {
      get(target, name) {
        const mine: unknown = Reflect.get(own, name);
        if (mine !== undefined) return mine;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  #drafts(
    callback: Pick<CallbackRecord, 'serviceName' | 'requestOptions'>,
    names: readonly string[],
    facts: NoticeFacts,
    atMs: number,
  ): NoticeDraft[] {
    const notification = this.#notificationOf(callback);
    if (notification === undefined) return [];
    return [
      ...draftsOf(notification, names, facts, atMs),
      ...reminderOf(notification, facts, atMs),
    ];
  }

  #notificationOf({
    serviceName,
    requestOptions,
  }: Pick<CallbackRecord, 'serviceName' | 'requestOptions'>): NotificationConfig | undefined {
    const services = this.deps.services();
    const service = Object.hasOwn(services, serviceName) ? services[serviceName] : undefined;
    if (service === undefined) return undefined;
    const isOverridden = Object.hasOwn(requestOptions, '_enable_status_notification');
    if (!service.notification.isOn && !isOverridden) return undefined;
    const made = overrideService(service, requestOptions);
    return (made.kind === 'ok' ? made.service : service).notification;
  }
}
