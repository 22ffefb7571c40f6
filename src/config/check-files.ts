/**
 * Looks for every treatment file of every service where the player will look for it, and reads its
 * header. A file that many services share is reported once for each place it is written at.
 */
import { readdir, stat } from 'node:fs/promises';
import { extname, isAbsolute, join } from 'node:path';
import { isLoopbackHost } from './build-parts.js';
import { finding } from './check-finding.js';
import type { DialbackConfig, ServiceConfig } from './config.js';
import { nearestName } from './nearest-name.js';
import { writtenPath } from './positions.js';
import type { Problem } from './problem.js';
import { readWavHeader, type WavHeader } from './wav-header.js';

/** What FreeSWITCH may have decoders for. */
const OTHER_FORMATS = new Set(['.mp3', '.ogg', '.flac', '.au', '.aiff', '.r8', '.raw', '.gsm']);

export interface UsedTreatment {
  readonly path: string;
  readonly file: string;
}

/** Every treatment that is on, with the place it is written at (the service, for a packaged one). */
export function usedTreatments(config: DialbackConfig): UsedTreatment[] {
  const byPlace = new Map<string, UsedTreatment>();
  for (const service of Object.values(config.services)) {
    for (const [key, file] of treatmentFiles(service)) {
      const path = writtenPath(config, service.name, key) ?? `services.${service.name}.${key}`;
      byPlace.set(`${path} ${file}`, { path, file });
    }
  }
  return [...byPlace.values()];
}

function treatmentFiles(service: ServiceConfig): [string, string][] {
  const { options } = service;
  const all = {
    _treatment_customer_connect: options.customerConnectTreatment,
    _treatment_waiting_for_agent: options.waitingForAgentTreatment,
    _treatment_find_agent_fail: options.findAgentFailTreatment,
    _treatment_call_failure_answering_machine: options.answeringMachineTreatment,
    pluginComfort: options.pluginComfort,
    pluginTimeoutTreatment: options.pluginTimeoutTreatment,
  };
  const treatments = Object.entries(all).flatMap(([key, treatment]): [string, string][] =>
    treatment === undefined ? [] : [[key, treatment.file]],
  );
  return [...treatments, ...fragmentFiles(service)];
}

/** Files of sentences; words in braces stand for those of `numberFragments`. */
function fragmentFiles({ handoff }: ServiceConfig): [string, string][] {
  const { whisper, announcements, numbers } = handoff;
  const all = {
    agentWhisper: whisper,
    positionAnnouncement: announcements.position,
    expectedWaitAnnouncement: announcements.expectedWait,
    numberFragments: Object.values(numbers).flat(),
  };
  return Object.entries(all).flatMap(([key, pieces]) =>
    pieces.filter((piece) => !piece.startsWith('{')).map((file): [string, string] => [key, file]),
  );
}

export async function checkFiles(config: DialbackConfig): Promise<Problem[]> {
  const { directory } = config.media;
  if (!(await isFolder(directory))) {
    const message = `The media folder ${directory} does not exist.`;
    return [finding(config, 'CHECK_FOLDER_MISSING', 'error', 'media.directory', message)];
  }
  const problems: Problem[] = [];
  for (const used of usedTreatments(config)) {
    if (/^https?:/i.test(used.file)) continue;
    const problem = await checkFile(config, used);
    if (problem) problems.push(problem);
  }
  return problems;
}

async function checkFile(
  config: DialbackConfig,
  { path, file }: UsedTreatment,
): Promise<Problem | undefined> {
  const { directory, packagedDirectory } = config.media;
  const candidates = isAbsolute(file)
    ? [file]
    : [join(directory, file), join(packagedDirectory, file)];
  for (const candidate of new Set(candidates)) {
    const header = await readWavHeader(candidate);
    if (header.kind === 'missing') continue;
    const why = whyUnplayable(header, config.engine, file);
    if (why !== undefined) {
      const message = `This file cannot be played: ${why}.`;
      return finding(config, 'CHECK_FILE_UNPLAYABLE', 'error', path, message, { found: candidate });
    }
    return isOutOfReach(config, candidate) ? notShared(config, path, candidate) : undefined;
  }
  const suggestion = nearestName(file, await soundsIn(directory));
  const message = 'There is no such file in the media folder.';
  const hints = { found: file, ...(suggestion !== undefined && { suggestion }) };
  return finding(config, 'CHECK_FILE_MISSING', 'error', path, message, hints);
}

/**
 * FreeSWITCH may have decoders for more than WAV; the embedded engine has not.
 *
 * @returns undefined when the engine can play it
 */
export function whyUnplayable(
  header: WavHeader,
  engine: DialbackConfig['engine'],
  file: string,
): string | undefined {
  const extension = extname(file).toLowerCase();
  if (extension !== '.wav') {
    if (engine === 'servers' && OTHER_FORMATS.has(extension)) return undefined;
    return `${engine === 'servers' ? 'FreeSWITCH does' : 'the embedded engine does'} not know the format ${extension || 'of a name without extension'}`;
  }
  if (header.kind === 'missing') return 'it is not there';
  if (header.kind === 'unplayable') return header.why;
  if (engine === 'embedded' && header.coding === 'pcm' && header.bits !== 8 && header.bits !== 16) {
    return `the embedded engine plays PCM of 8 or 16 bit, and this has ${header.bits}`;
  }
  return undefined;
}

/** On another machine `media.directory` is seen and nothing else; our own sounds are put into it. */
function isOutOfReach({ engine, freeswitch, media }: DialbackConfig, file: string): boolean {
  if (engine === 'embedded' || freeswitch.every(({ host }) => isLoopbackHost(host))) return false;
  const shared = [media.directory, media.packagedDirectory];
  return !shared.some((directory) => file.startsWith(join(directory, '/')));
}

function notShared(config: DialbackConfig, path: string, file: string): Problem {
  const message = `FreeSWITCH runs on another machine and may not see ${file}: copy it to media.directory, or name a URL.`;
  return finding(config, 'CHECK_NOT_SHARED', 'warning', path, message);
}

async function soundsIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory))
      .filter((name) => /\.(wav|mp3|ogg)$/i.test(name))
      .slice(0, 1000);
  } catch {
    return [];
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
