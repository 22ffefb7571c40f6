/**
 * A service with a request's own options on top, as an attempt consults it. The same callback asks
 * again before each attempt and many requests bring the same options, so the answers are kept: at
 * most a thousand, ten minutes each, and only as long as the service is the one they were made from.
 */
import NodeCache from 'node-cache';
import type { ServiceConfig } from './config.js';
import { overrideService, type OverrideResult } from './override-service.js';

const KEPT_MAX = 1000;
const KEPT_SECONDS = 600;

export class ConsultedServices {
  /** No check period: a cache must not keep a process alive; what is too old goes when asked for. */
  readonly #kept = new NodeCache({ stdTTL: KEPT_SECONDS, checkperiod: 0, useClones: false });

  /** @param service of the configuration in force; another object after a reload */
  consult(
    service: ServiceConfig,
    requestOptions: Readonly<Record<string, unknown>>,
  ): OverrideResult {
    if (Object.keys(requestOptions).length === 0) return { kind: 'ok', service };
    const key = `${service.name}\n${JSON.stringify(requestOptions)}`;
    const kept = this.#kept.get<{ from: ServiceConfig; result: OverrideResult }>(key);
    if (kept?.from === service) return kept.result;
    const result = overrideService(service, requestOptions);
    if (this.#kept.getStats().keys >= KEPT_MAX) this.#kept.flushAll();
    this.#kept.set(key, { from: service, result });
    return result;
  }
}
