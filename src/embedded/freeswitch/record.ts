/**
 * Recordings of a channel: uuid_record and record_session. The channel's variables say what is
 * recorded (RECORD_READ_ONLY the customer, RECORD_WRITE_ONLY what the customer is told, RECORD_STEREO
 * both apart, nothing both together) and whether every frame reaches the file at once
 * (enable_file_write_buffering=false).
 *
 * Only absolute paths ending in .wav, .raw or .r8 are taken. As in FreeSWITCH the answer does not
 * wait for the file: one that cannot be written is told in the log.
 * Source: switch_ivr_async.c and mod_commands.c of FreeSWITCH 1.10.12, and what it answers.
 */

import { extname, isAbsolute } from 'node:path';
import { SAMPLE_RATE_HZ } from '../rtp/pcm-source.js';
import { WavWriter } from '../rtp/wav-writer.js';
import type { Channel } from './channel.js';
import { mixedLength, mixFrames, type BugMix, type MediaBug } from './media-bugs.js';

const KEY = 'record:';
const HEADERLESS = new Set(['.raw', '.r8']);

/**
 * Begins a recording. A second one to the same file is the first one.
 * @param limitSeconds 0 for no limit
 * @returns false when the name cannot be recorded to, or too much listens already
 */
export function startRecording(channel: Channel, path: string, limitSeconds = 0): boolean {
  const isHeaderless = HEADERLESS.has(extname(path));
  if (!isAbsolute(path) || path.includes('\0')) return false;
  if (!isHeaderless && extname(path) !== '.wav') return false;
  if (channel.bugs.get(KEY + path)) return true;
  const recording = new Recording(channel, path, limitSeconds, !isHeaderless);
  if (!channel.bugs.add(KEY + path, recording)) return false;
  recording.begin();
  return true;
}

/**
 * Ends a recording.
 * @param path `all` ends every one of the channel
 * @returns false when there is no such recording; `all` is always fine
 */
export function stopRecording(channel: Channel, path: string): boolean {
  if (path !== 'all') return channel.bugs.remove(KEY + path);
  for (const key of channel.bugs.keys(KEY)) channel.bugs.remove(key);
  return true;
}

function mixOf(channel: Channel): BugMix {
  const isSet = (name: string): boolean =>
    /^(?:true|yes|on|1|enabled|active|allow)$/i.test(channel.variable(name) ?? '');
  if (isSet('RECORD_READ_ONLY')) return 'heard';
  if (isSet('RECORD_WRITE_ONLY')) return 'spoken';
  return isSet('RECORD_STEREO') ? 'stereo' : 'mixed';
}

class Recording implements MediaBug {
  readonly #mix: BugMix;
  readonly #frame: Int16Array;
  readonly #samplesMax: number;
  readonly #hasHeader: boolean;
  #writer: WavWriter | undefined;

  constructor(
    private readonly channel: Channel,
    private readonly path: string,
    limitSeconds: number,
    hasHeader: boolean,
  ) {
    this.#mix = mixOf(channel);
    this.#frame = new Int16Array(mixedLength(this.#mix));
    this.#samplesMax = limitSeconds > 0 ? limitSeconds * SAMPLE_RATE_HZ : Infinity;
    this.#hasHeader = hasHeader;
  }

  begin(): void {
    const { channel, path } = this;
    this.#writer = new WavWriter({
      path,
      channels: this.#mix === 'stereo' ? 2 : 1,
      hasHeader: this.#hasHeader,
      isBuffered: channel.variable('enable_file_write_buffering') !== 'false',
      onFailed: (why) => {
        channel.log('warn', 'recording failed', { path, why });
        channel.bugs.remove(KEY + path);
      },
    });
    channel.fire('RECORD_START', { 'Record-File-Path': path });
  }

  onFrame(heard: Int16Array, spoken: Int16Array): void {
    mixFrames(this.#mix, heard, spoken, this.#frame);
    this.#writer?.write(this.#frame);
    if (this.#samples >= this.#samplesMax) this.channel.bugs.remove(KEY + this.path);
  }

  onRemoved(): void {
    const { channel, path } = this;
    const ms = Math.floor((this.#samples * 1000) / SAMPLE_RATE_HZ);
    void this.#writer?.close();
    channel.setVariable('record_seconds', String(Math.floor(ms / 1000)));
    channel.setVariable('record_ms', String(ms));
    channel.setVariable('record_samples', String(this.#samples));
    channel.fire('RECORD_STOP', { 'Record-File-Path': path });
  }

  /** Of one channel. */
  get #samples(): number {
    return (this.#writer?.samples ?? 0) / (this.#mix === 'stereo' ? 2 : 1);
  }
}
