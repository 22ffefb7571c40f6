/**
 * Fetches a WAV file by http or https, as mod_httapi does, within limits of time and size. Which
 * addresses may be asked is decided by whoever configures the treatments, not here.
 */

import { convertWav, type WavResult } from '../rtp/wav.js';

const FETCH_WITHIN_MS = 10_000;
const BODY_BYTES_MAX = 32 * 1024 * 1024;

/** @returns the file as 8 kHz samples, or why there are none; never throws */
export async function fetchWav(url: string): Promise<WavResult> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_WITHIN_MS) });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      return { ok: false, problem: 'not-found', detail: `HTTP ${response.status}` };
    }
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) {
        return { ok: false, problem: 'too-large', detail: `more than ${BODY_BYTES_MAX} bytes` };
      }
      chunks.push(chunk);
    }
    return await convertWav(Buffer.concat(chunks));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: 'unreadable', detail: detail.slice(0, 200) };
  }
}
