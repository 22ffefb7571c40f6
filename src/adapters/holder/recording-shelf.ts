/**
 * Recordings that plugins and pages make of a call: read as they grow, kept as WAV. Readable by us alone,
 * or in a folder that is shared with a media server by its group, which has to play them.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordingShelf } from '../../holder/call-recording.js';
import { wavHeader } from '../audio/wav-header.js';
import { RecordingTail } from '../cpd/recording-tail.js';

const OWNER_ONLY = { folder: 0o700, file: 0o600 };
const GROUP_READS = { folder: 0o750, file: 0o640 };

/** Where they are, by names of ids. */
export function shelfFolder(exchangeDirectory = tmpdir()): string {
  return join(exchangeDirectory, 'dialback-recordings');
}

/** @param exchangeDirectory absolute; the folder of the finished ones is made when the first is kept */
export function recordingShelf(exchangeDirectory?: string): RecordingShelf {
  const folder = shelfFolder(exchangeDirectory);
  const modes = exchangeDirectory === undefined ? OWNER_ONLY : GROUP_READS;
  return {
    newPath: () => join(exchangeDirectory ?? tmpdir(), `dialback-record-${randomUUID()}.raw`),
    follow: (path, listener) => new RecordingTail(path, { onOpen: () => undefined, ...listener }),
    keep: async (samples) => {
      await mkdir(folder, { recursive: true, mode: modes.folder });
      const path = join(folder, `${randomUUID()}.wav`);
      await writeFile(path, Buffer.concat([wavHeader(samples.length), samples]), {
        mode: modes.file,
      });
      return path;
    },
    forget: (path) => unlink(path).catch(() => undefined),
  };
}
