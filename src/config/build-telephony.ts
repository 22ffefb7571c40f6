/**
 * The telephony servers of a configuration, and the rules that must hold before any of them is
 * connected: every site is whole, no door is left open by a secret everybody knows.
 */
import { isPublicAddress } from './public-address.js';
import { addFault, isLoopbackHost, readersOf, type BuildContext } from './build-parts.js';
import type { DialbackConfig, DrachtioConfig, FreeswitchConfig } from './config.js';
import { resolve } from 'node:path';
import { AUDIO_TAPS } from './schema-terms.js';
import type { OptionReader } from './values.js';

/** What the vendors ship. */
const KNOWN_SECRETS: readonly string[] = ['cymru', 'ClueCon', 'JambonzR0ck$'];

export function buildTelephony(
  read: OptionReader,
  context: BuildContext,
): Pick<DialbackConfig, 'drachtio' | 'freeswitch'> {
  const sites = readersOf('drachtio', read);
  const servers = readersOf('freeswitch', read);
  const drachtio = sites.map(([, reader]) => buildDrachtio(reader, context));
  const [only] = drachtio;
  const site = drachtio.length === 1 ? only?.name : undefined;
  const freeswitch = servers.map(([, reader]) => buildFreeswitch(reader, site));
  if (read.choice('engine', ['embedded', 'servers']) === 'servers') {
    const drachtioAt = (index: string) => (index === '' ? 'drachtio' : `drachtio[${index}]`);
    sites.forEach(([index, reader]) => refuseKnownSecret(reader, drachtioAt(index), context));
    servers.forEach(([index, reader]) => {
      refuseKnownSecret(reader, `freeswitch[${index}]`, context);
      refusePublicListener(reader, `freeswitch[${index}]`, context);
    });
    requireWholeSites(drachtio, freeswitch, context);
  }
  return { drachtio, freeswitch };
}

function buildDrachtio(read: OptionReader, { folder }: BuildContext): DrachtioConfig {
  const ca = read.optionalText('tlsCa');
  return {
    name: read.text('name'),
    host: read.text('host'),
    port: read.number('port'),
    secret: read.text('secret'),
    tls: read.flag('tls'),
    tlsCa: ca === undefined ? undefined : resolve(folder, ca),
    tlsServerName: read.optionalText('tlsServerName'),
  };
}

function buildFreeswitch(read: OptionReader, onlySite: string | undefined): FreeswitchConfig {
  return {
    host: read.text('host'),
    port: read.number('port'),
    secret: read.text('secret'),
    site: read.optionalText('site') ?? onlySite ?? '',
    maxSessions: read.optionalNumber('maxSessions'),
    maxSetUpsPerSecond: read.optionalNumber('maxSetUpsPerSecond'),
    maxSetUpsInProgress: read.optionalNumber('maxSetUpsInProgress'),
    advertise: read.optionalText('advertise'),
    listen: read.optionalText('listen'),
    allowPublicListener: read.flag('allowPublicListener'),
    sipAddress: read.optionalText('sipAddress'),
    mediaPath: read.optionalText('mediaPath'),
    audioTap: read.choice('audioTap', AUDIO_TAPS),
    profile: read.text('profile'),
  };
}

function refuseKnownSecret(read: OptionReader, path: string, context: BuildContext): void {
  const isOurs = !KNOWN_SECRETS.includes(read.text('secret'));
  if (isOurs || isLoopbackHost(read.text('host')) || read.flag('allowDefaultSecret')) return;
  const message = "The vendor's default secret, known to everybody, for a server on the network.";
  const suggestion = 'a secret of your own there and here, or allowDefaultSecret: true';
  addFault(context, 'CONFIG_DEFAULT_SECRET', `${path}.secret`, message, { suggestion });
}

function refusePublicListener(read: OptionReader, path: string, context: BuildContext): void {
  const listen = read.optionalText('listen');
  if (listen === undefined || read.flag('allowPublicListener')) return;
  const host = listen.replace(/^\[?([^\]]*?)\]?(?::\d+)?$/, '$1');
  if (!isPublicAddress(host)) return;
  const message =
    'Anybody who reaches this address could pose as the media server: its sockets carry no password.';
  const suggestion = 'a private address, or allowPublicListener: true behind a firewall';
  addFault(context, 'CONFIG_PUBLIC_LISTENER', `${path}.listen`, message, { suggestion });
}

function requireWholeSites(
  drachtio: readonly DrachtioConfig[],
  freeswitch: readonly FreeswitchConfig[],
  context: BuildContext,
): void {
  const missing = '`engine: servers` needs this block.';
  if (drachtio.length === 0) addFault(context, 'CONFIG_MISSING_OPTION', 'drachtio', missing);
  if (freeswitch.length === 0) addFault(context, 'CONFIG_MISSING_OPTION', 'freeswitch', missing);
  if (drachtio.length === 0 || freeswitch.length === 0) return;
  const names = drachtio.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    const message = 'Several sites need a `name` each.';
    addFault(context, 'CONFIG_DUPLICATE_NAME', 'drachtio', message);
    return;
  }
  freeswitch.forEach(({ site }, index) => {
    if (names.includes(site)) return;
    const message =
      site === '' ? 'Which of the sites is it for?' : 'No drachtio server has this name.';
    addFault(context, 'CONFIG_UNKNOWN_SITE', `freeswitch[${index}].site`, message, {
      allowed: names.join(', '),
    });
  });
  if (freeswitch.some(({ site }) => !names.includes(site))) return;
  names.forEach((name, index) => {
    if (freeswitch.some(({ site }) => site === name)) return;
    const message = `No media server has \`site: ${name}\`: no call could be made there.`;
    addFault(context, 'CONFIG_MISSING_OPTION', `drachtio[${index}].name`, message);
  });
}
