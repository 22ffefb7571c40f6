/** Recordings that plugins and pages make of a call: read as they grow, kept as WAV, readable by us alone. */
import { randomUUID } from 'node:crypto';
import { mkdir, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordingShelf } from '../../holder/call-recording.js';
import { wavHeader } from '../audio/wav-header.js';
import { RecordingTail } from '../cpd/recording-tail.js';

const OWNER_ONLY = 0o600;
const FOLDER_OWNER_ONLY = 0o700;

/** Where they are, by names of ids. */
export const SHELF_FOLDER = join(tmpdir(), 'dialback-recordings');

/** @param folder of the finished ones; made when the first is kept */
export function recordingShelf(folder = SHELF_FOLDER): RecordingShelf {
  return {
    newPath: () => join(tmpdir(), `dialback-record-${randomUUID()}.raw`),
    follow: (path, listener) => new RecordingTail(path, { onOpen: () => undefined, ...listener }),
    keep: async (samples) => {
      await mkdir(folder, { recursive: true, mode: FOLDER_OWNER_ONLY });
      const path = join(folder, `${randomUUID()}.wav`);
      await writeFile(path, Buffer.concat([wavHeader(samples.length), samples]), {
        mode: OWNER_ONLY,
      });
      return path;
    },
    forget: (path) => unlink(path).catch(() => undefined),
  };
}
