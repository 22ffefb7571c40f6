/** A body, with a limit that holds whatever its sender says about its length. */
import type { Readable } from 'node:stream';
import { FetchFault } from './fetch-fault.js';

/** @throws FetchFault FETCH_TOO_LARGE, and what the stream throws */
export async function readBody(
  body: Readable,
  limitBytes: number,
  announced: string | undefined,
): Promise<Buffer> {
  // Destroying a body emits an error that nobody else waits for.
  body.on('error', () => {});
  const tooLarge = () => {
    body.destroy();
    return new FetchFault('FETCH_TOO_LARGE', `more than ${limitBytes} bytes`);
  };
  if (Number(announced ?? 0) > limitBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
