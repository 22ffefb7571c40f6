/** What a service was built from, so that a request's options can be laid on top. */
import type { ServiceConfig } from './config.js';
import type { Block } from './values.js';

const LAYERS = new WeakMap<ServiceConfig, readonly (Block | undefined)[]>();

export function rememberLayers(
  service: ServiceConfig,
  layers: readonly (Block | undefined)[],
): ServiceConfig {
  LAYERS.set(service, layers);
  return service;
}

/** Empty for a service that was not read from a file: then only built-in defaults lie below. */
export function layersOf(service: ServiceConfig): readonly (Block | undefined)[] {
  return LAYERS.get(service) ?? [];
}
