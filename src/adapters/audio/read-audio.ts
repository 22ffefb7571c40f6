/**
 * Reads a recording as 8 kHz mono samples: WAV by itself, FLAC through a decoder that is installed.
 * Problems are values, never exceptions.
 */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { convertWav, readWavFile, WAV_BYTES_MAX, type WavProblem } from '../../embedded/rtp/wav.js';

export type AudioResult =
  | { readonly ok: true; readonly samples: Int16Array }
  | { readonly ok: false; readonly problem: WavProblem | 'no-decoder'; readonly detail: string };

/** Commands that write a FLAC file as WAV to their output, in order of preference. */
const DECODERS: readonly (readonly [command: string, argumentsFor: (path: string) => string[]])[] =
  [
    ['flac', (path) => ['--decode', '--stdout', '--silent', '--', path]],
    ['sox', (path) => ['--', path, '-t', 'wav', '-']],
    ['ffmpeg', (path) => ['-v', 'error', '-nostdin', '-i', path, '-f', 'wav', '-']],
  ];
const DECODE_TIMEOUT_MS = 60_000;

/** @param path absolute */
export async function readAudio(path: string): Promise<AudioResult> {
  if (!/\.flac$/i.test(path)) return fromWav(await readWavFile(path));
  try {
    await access(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return { ok: false, problem: code === 'ENOENT' ? 'not-found' : 'unreadable', detail: code };
  }
  for (const [command, argumentsFor] of DECODERS) {
    const decoded = await decode(command, argumentsFor(path));
    if (decoded === 'not-installed') continue;
    if (typeof decoded === 'string') return { ok: false, problem: 'unreadable', detail: decoded };
    return fromWav(await convertWav(decoded));
  }
  const names = DECODERS.map(([command]) => command).join(', ');
  const detail = `FLAC needs one of these programs: ${names}; install one, or convert the file to WAV`;
  return { ok: false, problem: 'no-decoder', detail };
}

/** @returns the WAV, or why there is none */
function decode(command: string, args: readonly string[]): Promise<Buffer | string> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { encoding: 'buffer', maxBuffer: WAV_BYTES_MAX, timeout: DECODE_TIMEOUT_MS },
      (error, stdout, stderr) => {
        if (!error) resolve(stdout);
        else if (error.code === 'ENOENT') resolve('not-installed');
        else resolve(stderr.toString('utf8').trim().slice(0, 200) || error.message);
      },
    );
  });
}

type Wav = Awaited<ReturnType<typeof readWavFile>>;

const fromWav = (wav: Wav): AudioResult => (wav.ok ? { ok: true, samples: wav.pcm } : wav);
