/** The certificate of the API, from its files; renewed while the listener goes on. */
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createSecureContext, Server as TlsServer } from 'node:tls';
import type { HttpConfig } from '../../config/config.js';
import type { Log } from '../../ports.js';

const MIN_VERSION = 'TLSv1.2';

export interface Certificate {
  /** PEM texts. */
  readonly cert: string;
  readonly key: string;
}

/** @throws Error `CBD_TLS` when a file cannot be read, or the two do not belong together */
export async function readCertificate(files: HttpConfig['tls']): Promise<Certificate | undefined> {
  if (files === undefined) return undefined;
  try {
    const [cert, key] = await Promise.all([
      readFile(files.certificate, 'utf8'),
      readFile(files.key, 'utf8'),
    ]);
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (error) {
    throw new Error(`CBD_TLS: http.tls: ${(error as Error).message}`, { cause: error });
  }
}

/** New connections get what the files hold now; what cannot be used leaves the old one in place. */
export async function renewCertificate(
  server: Server,
  files: HttpConfig['tls'],
  log: Log,
): Promise<void> {
  if (!(server instanceof TlsServer)) return;
  try {
    const certificate = await readCertificate(files);
    if (certificate) server.setSecureContext({ ...certificate, minVersion: MIN_VERSION });
  } catch (error) {
    log.error({ why: String(error) }, 'the certificate stays as it is');
  }
}
