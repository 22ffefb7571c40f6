/**
 * Timing rules that a site has found for itself (`dialback cpd-train`), by profile. A file, because it
 * is looked at, kept with the configuration, and taken back by not naming it any more.
 */
import { PROFILE_NAMES, type Profile, type TimingRule } from './options.js';

export const CALIBRATION_VERSION = 1;

export interface Calibration {
  readonly version: typeof CALIBRATION_VERSION;
  /** Values that replace the profile's own; a profile that is missing keeps its own. */
  readonly profiles: Readonly<Partial<Record<Profile, Partial<TimingRule>>>>;
  /** What it was found on; for people. */
  readonly trainedOn?: { readonly clips: number; readonly groups: number };
}

export type CalibrationResult =
  | { readonly ok: true; readonly calibration: Calibration }
  | { readonly ok: false; readonly problem: string };

/** Beyond these a value is a mistake. ms */
export const TIMING_RANGES: Readonly<Record<keyof TimingRule, readonly [number, number]>> = {
  machineSpeechMs: [800, 10_000],
  shortestPauseMs: [200, 3000],
  pausePerSecondMs: [0, 1000],
};
const MOST_CHARACTERS = 65_536;

/** @param text JSON, as `cpd-train` writes it */
export function parseCalibration(text: string): CalibrationResult {
  if (text.length > MOST_CHARACTERS) return wrong(`longer than ${MOST_CHARACTERS} characters`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return wrong(`no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isRecord(json)) return wrong('not an object');
  if (json['version'] !== CALIBRATION_VERSION)
    return wrong(`version is ${show(json['version'])}; this program reads ${CALIBRATION_VERSION}`);
  if (!isRecord(json['profiles'])) return wrong('"profiles" is missing, or no object');
  for (const [name, timing] of Object.entries(json['profiles'])) {
    if (!PROFILE_NAMES.some((profile) => profile === name))
      return wrong(`profile "${name.slice(0, 40)}"; allowed: ${PROFILE_NAMES.join(', ')}`);
    const problem = isRecord(timing) ? problemOfTiming(timing) : 'no object';
    if (problem !== undefined) return wrong(`profiles.${name}: ${problem}`);
  }
  return { ok: true, calibration: json as unknown as Calibration };
}

function problemOfTiming(timing: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, value] of Object.entries(timing)) {
    const range = Object.hasOwn(TIMING_RANGES, name)
      ? TIMING_RANGES[name as keyof TimingRule]
      : undefined;
    if (!range) return `"${name.slice(0, 40)}"; allowed: ${Object.keys(TIMING_RANGES).join(', ')}`;
    if (typeof value !== 'number' || !(value >= range[0] && value <= range[1]))
      return `${name} is ${show(value)}; allowed: ${range[0]} to ${range[1]}`;
  }
  return undefined;
}

const wrong = (problem: string): CalibrationResult => ({ ok: false, problem });

const show = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
