/** Writes 8 kHz mono 16 bit samples as a WAV file: the form in which recordings leave. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const RATE_HZ = 8000;
const HEADER_BYTES = 44;

/** Source: Microsoft "Multimedia Programming Interface and Data Specifications 1.0", RIFF WAVE. */
export function wavBytes(pcm: Int16Array): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + pcm.length * 2);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20); // PCM
  bytes.writeUInt16LE(1, 22); // mono
  bytes.writeUInt32LE(RATE_HZ, 24);
  bytes.writeUInt32LE(RATE_HZ * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(pcm.length * 2, 40);
  pcm.forEach((sample, i) => bytes.writeInt16LE(sample, HEADER_BYTES + 2 * i));
  return bytes;
}

/** Makes the folder if need be. @throws the file system's error */
export async function writeWav(path: string, pcm: Int16Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, wavBytes(pcm));
}
