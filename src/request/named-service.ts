/** The service that a path, a body or a filter names. */

import type { ServiceConfig } from '../config/config.js';
import { nearestName } from '../config/nearest-name.js';
import type { ApiDeps } from './callback-api.js';
import { currentCaller } from './guarded-routes.js';
import { RequestProblem, shownValue } from './problem.js';

/** @throws RequestProblem `CBD_REQUEST_UNKNOWN_SERVICE` */
export function serviceNamed(
  { config: { services } }: Pick<ApiDeps, 'config'>,
  name: string,
): ServiceConfig {
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (service !== undefined) return service;
  const allowed = currentCaller()?.services;
  const names = Object.keys(services).filter((one) => allowed?.has(one) ?? true);
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  throw new RequestProblem('CBD_REQUEST_UNKNOWN_SERVICE', `There is no such service.${hint}`, {
    fault: { field: 'service', value: shownValue(name), rule: 'a service of the configuration' },
  });
}

/**
 * A filter that finds nothing because of a slip of the pen would say that nothing is there. A service that is
 * out of the configuration may have left something behind.
 * @param hasLeft whether the store has anything of it; asked only then
 * @throws RequestProblem as `serviceNamed`
 */
export async function checkFilter(
  deps: Pick<ApiDeps, 'config'>,
  service: string | undefined,
  hasLeft: (serviceName: string) => Promise<readonly unknown[]>,
): Promise<void> {
  if (service === undefined || Object.hasOwn(deps.config.services, service)) return;
  if ((await hasLeft(service)).length === 0) serviceNamed(deps, service);
}
