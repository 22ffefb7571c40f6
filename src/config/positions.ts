/**
 * Where the values of a loaded configuration stand in its files. Kept beside the configuration, not
 * in it: that one is plain data.
 */
import type { DialbackConfig } from './config.js';
import type { Position } from './problem.js';

const POSITIONS = new WeakMap<DialbackConfig, ReadonlyMap<string, Position>>();

export function rememberPositions(
  config: DialbackConfig,
  positions: ReadonlyMap<string, Position>,
): void {
  POSITIONS.set(config, positions);
}

/** Does the file set this path, such as `services.sales._ttl`? */
export function isWritten(config: DialbackConfig, path: string): boolean {
  return POSITIONS.get(config)?.has(path) ?? false;
}

/**
 * The place of a path, or of the nearest block around it that is written.
 * @returns line 1 for a configuration that was not read from a file
 */
export function locate(config: DialbackConfig, path: string): Position {
  const positions = POSITIONS.get(config);
  for (let at = path; at !== ''; at = at.replace(/\.?[^.]*$/, '')) {
    const position = positions?.get(at);
    if (position) return position;
  }
  return { file: config.file, line: 1, column: 1 };
}

/** The path an option of a service is written at: its own block, or `defaults`. */
export function writtenPath(
  config: DialbackConfig,
  service: string,
  key: string,
): string | undefined {
  return [`services.${service}.${key}`, `defaults.${key}`].find((path) => isWritten(config, path));
}
