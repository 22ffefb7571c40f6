/**
 * What the files of a loaded configuration say, and where. Kept beside the configuration, not in it:
 * that one is plain data.
 */
import type { DialbackConfig } from './config.js';
import type { Position } from './problem.js';
import type { Block } from './values.js';

export interface Written {
  readonly positions: ReadonlyMap<string, Position>;
  /** Checked values by the options' own keys, in their own units, without any default. */
  readonly values: Block;
  /** Paths of values that come from a `${...:...}`. */
  readonly referenced: ReadonlySet<string>;
}

const WRITTEN = new WeakMap<DialbackConfig, Written>();

export function rememberWritten(config: DialbackConfig, written: Written): void {
  WRITTEN.set(config, written);
}

/** @returns nothing for a configuration that was not read from a file */
export function writtenOf(config: DialbackConfig): Written {
  return WRITTEN.get(config) ?? { positions: new Map(), values: new Map(), referenced: new Set() };
}

/** Does the file set this path, such as `services.sales._ttl`? */
export function isWritten(config: DialbackConfig, path: string): boolean {
  return writtenOf(config).positions.has(path);
}

/**
 * The place of a path, or of the nearest block around it that is written.
 * @returns line 1 for a configuration that was not read from a file
 */
export function locate(config: DialbackConfig, path: string): Position {
  const { positions } = writtenOf(config);
  for (let at = path; at !== ''; at = at.replace(/\.?[^.]*$/, '')) {
    const position = positions.get(at);
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
