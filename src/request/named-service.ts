/** The service that a path or a body names. */

import type { ServiceConfig } from '../config/config.js';
import type { ApiDeps } from './callback-api.js';
import { RequestProblem, shownValue } from './problem.js';

/** @throws RequestProblem `CBD_REQUEST_UNKNOWN_SERVICE` */
export function serviceNamed(
  { config: { services } }: Pick<ApiDeps, 'config'>,
  name: string,
): ServiceConfig {
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (service !== undefined) return service;
  throw new RequestProblem('CBD_REQUEST_UNKNOWN_SERVICE', 'There is no such service.', {
    fault: { field: 'service', value: shownValue(name), rule: 'a service of the configuration' },
  });
}
