/** From a prompt of a holder to what the media server is given: a path of this host or a generated sound. */
import {
  resolveMedia,
  type MediaFiles,
  type MediaPlaces,
  type ResolvedMedia,
} from '../treatment/media-file.js';
import { refusal } from './refusal.js';
import type { HeldRefusal, Prompt } from './held-call.js';

export interface SoundContext {
  /** The media server reads text out, where this host has no voice. */
  readonly canSpeak: boolean;
  readonly files: MediaFiles;
  readonly places: MediaPlaces;
  /** How long a sound file is; undefined when it cannot be told. @param path of this host */
  lengthMs(path: string): Promise<number | undefined>;
  /** What `record` wrote. */
  recordingPath(recordingId: string): string | undefined;
}

export interface Sound {
  readonly name: string;
  /** Looked up while the sound is heard already; never rejects. */
  readonly lengthMs: Promise<number | undefined>;
}

/** Characters of a file's name or URL in a refusal. */
const NAME_TOLD_MAX = 100;

export async function findSound(
  prompt: Prompt,
  context: SoundContext,
): Promise<Sound | HeldRefusal> {
  if (prompt.kind === 'silence') {
    const { durationMs } = prompt;
    return { name: `silence_stream://${durationMs}`, lengthMs: Promise.resolve(durationMs) };
  }
  if (prompt.kind === 'speech' && !context.files.speech && context.canSpeak) {
    return { name: `say:${prompt.text}`, lengthMs: Promise.resolve(undefined) };
  }
  const media = await mediaOf(prompt, context);
  if (media.kind === 'refused') return media;
  if (media.kind === 'unplayable') {
    // One of several, and the name may be another than its author believes.
    const which =
      prompt.kind === 'file' ? `${JSON.stringify(prompt.file.slice(0, NAME_TOLD_MAX))}: ` : '';
    return refusal('HELD_UNPLAYABLE', `${media.code}: ${which}${media.why}`);
  }
  const lengthMs = context.lengthMs(media.path).catch(() => undefined);
  return { name: media.path, lengthMs };
}

async function mediaOf(
  prompt: Exclude<Prompt, { kind: 'silence' }>,
  context: SoundContext,
): Promise<ResolvedMedia | HeldRefusal> {
  const { files, places } = context;
  if (prompt.kind === 'speech') {
    if (!files.speech) return refusal('HELD_UNSUPPORTED', 'there is no voice for text here');
    return files.speech.say(prompt.text, prompt.language);
  }
  const file = fileOf(prompt, context);
  return typeof file === 'string' ? resolveMedia(file, places, files) : file;
}

/** A document names what is under the media folder or on the web, never a path of this host. */
function fileOf(
  prompt: Exclude<Prompt, { kind: 'silence' | 'speech' }>,
  context: SoundContext,
): string | HeldRefusal {
  if (prompt.kind === 'recording') {
    const path = context.recordingPath(prompt.recordingId);
    return path ?? refusal('HELD_UNPLAYABLE', 'MEDIA_MISSING: no such recording');
  }
  const { file } = prompt;
  const isRelative = !/^([/\\]|[A-Za-z]:\\)/.test(file);
  const isPlain = /^https?:\/\//i.test(file) || !file.includes(':');
  if (file !== '' && isRelative && isPlain) return file;
  const why = 'MEDIA_OUTSIDE: a name under the media folder, or an http(s) URL';
  return refusal('HELD_UNPLAYABLE', why);
}
