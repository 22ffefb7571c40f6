/** The telephony servers of a configuration as the adapters take them. It reads certificates, no more. */
import { readFile } from 'node:fs/promises';
import type { SiteOptions } from './adapters/telephony/site.js';
import { isLoopbackHost } from './config/build-parts.js';
import type { DialbackConfig, DrachtioConfig, FreeswitchConfig } from './config/config.js';

/** @throws Error when a file of `tlsCa` cannot be read */
export function telephonySites({
  drachtio,
  freeswitch,
  media,
}: Pick<DialbackConfig, 'drachtio' | 'freeswitch' | 'media'>): Promise<SiteOptions[]> {
  return Promise.all(
    drachtio.map(async (one) => ({
      name: one.name,
      drachtio: await addressOf(one),
      freeswitch: freeswitch
        .filter(({ site }) => site === one.name)
        .map((server) => memberOf(server, media)),
    })),
  );
}

async function addressOf({
  host,
  port,
  secret,
  ...one
}: DrachtioConfig): Promise<SiteOptions['drachtio']> {
  if (!one.tls) return { host, port, secret };
  const ca = one.tlsCa === undefined ? undefined : await readCa(one.tlsCa);
  const tls = {
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca }),
    ...(one.tlsServerName !== undefined && { servername: one.tlsServerName }),
  } as const;
  return { host, port, secret, tls };
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`CBD_CONFIG: drachtio.tlsCa cannot be read: ${why}`, { cause: error });
  }
}

function memberOf(
  { site: _site, mediaPath, ...server }: FreeswitchConfig,
  { directory, exchangeDirectory }: DialbackConfig['media'],
) {
  const given = Object.entries(server).filter(([, value]) => value !== undefined);
  const view = mediaPath === undefined ? {} : { mediaView: { directory, seenAs: mediaPath } };
  const exchange = exchangeDirectory === undefined ? {} : { recordingFolder: exchangeDirectory };
  return {
    ...Object.fromEntries(given),
    ...view,
    ...exchange,
  } as unknown as SiteOptions['freeswitch'][number];
}

/** Whether some media server sees `media.directory` alone of our files. */
export function isMediaShared({ engine, freeswitch }: DialbackConfig): boolean {
  if (engine === 'embedded') return false;
  return freeswitch.some((one) => one.mediaPath !== undefined || !isLoopbackHost(one.host));
}
