/**
 * The store as a caller may see it. A key for some services finds, changes and counts callbacks of
 * those only; the others are not there. Every route gets its store through here, so none can forget it.
 */

import type { CallbackRecord, CallbackStore } from '../schedule/callback-store.js';
import { RequestProblem } from './problem.js';

/** @param servicesNow the only services there are for whoever asks now; undefined = all */
export function viewOfServices(
  store: CallbackStore,
  servicesNow: () => ReadonlySet<string> | undefined,
): CallbackStore {
  const isHidden = (serviceName: string): boolean => servicesNow()?.has(serviceName) === false;
  const checkMine = (serviceName: string): void => {
    if (!isHidden(serviceName)) return;
    throw new RequestProblem('CBD_REQUEST_SCOPE', 'This key is not for this service.');
  };
  const isThere = async (id: string): Promise<boolean> =>
    servicesNow() === undefined || (await visible(id)) !== undefined;
  const inboundCalls: CallbackStore['inboundCalls'] = (query) => {
    const services = servicesNow();
    return store.inboundCalls({ ...query, ...(services && { serviceNames: [...services] }) });
  };
  const visible = async (id: string): Promise<CallbackRecord | undefined> => {
    const record = await store.get(id);
    return record === undefined || isHidden(record.serviceName) ? undefined : record;
  };
  const view: Partial<CallbackStore> = {
    get: visible,
    accept: (callback, ...more) => {
      checkMine(callback.serviceName);
      return store.accept(callback, ...more);
    },
    admit: (callback, ...more) => {
      checkMine(callback.serviceName);
      return store.admit(callback, ...more);
    },
    async find(query) {
      const services = servicesNow();
      if (services === undefined) return store.find(query);
      const { serviceName } = query;
      if (serviceName !== undefined) return isHidden(serviceName) ? [] : store.find(query);
      // One query: pages of several, put together here, would lose what has equal times.
      return store.find({ ...query, serviceNames: [...services] });
    },
    requestCancel: async (id, ...more) =>
      (await isThere(id)) ? store.requestCancel(id, ...more) : 'unknown',
    reschedule: async (id, changes) =>
      (await isThere(id)) ? store.reschedule(id, changes) : { ok: false, why: 'unknown' },
    attempts: async (id) => ((await isThere(id)) ? store.attempts(id) : []),
    story: async (id) => ((await isThere(id)) ? store.story(id) : []),
    trail: async (id) => {
      const isSeen = (await isThere(id)) || (await inboundCalls({ id, limit: 1 })).length > 0;
      return isSeen ? store.trail(id) : [];
    },
    inboundCalls,
    findNotices: (query) => {
      const services = servicesNow();
      return store.findNotices({ ...query, ...(services && { serviceNames: [...services] }) });
    },
    async stats() {
      const stats = await store.stats();
      return { ...stats, open: stats.open.filter(({ serviceName }) => !isHidden(serviceName)) };
    },
  };
  return new Proxy(store, {
    get(target, name) {
      const own: unknown = Reflect.get(view, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
