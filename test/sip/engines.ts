/**
 * Which pair of servers the integration tests run against: real ones named in the environment
 * (`DIALBACK_DRACHTIO=host:port,secret` and `DIALBACK_FREESWITCH=host:port,secret`), else the
 * embedded engine.
 */
import { existsSync } from 'node:fs';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

export interface Engine {
  readonly name: 'servers' | 'embedded';
  readonly drachtio: ServerAddress;
  readonly freeswitch: ServerAddress & { readonly profile?: string };
  stop(): Promise<void>;
}

/** @returns the engine, or why there is none. */
export async function startEngine(): Promise<Engine | string> {
  const named = namedServers();
  if (named) return { name: 'servers', ...named, stop: () => Promise.resolve() };
  const entry = new URL('../../src/embedded/index.ts', import.meta.url);
  if (!existsSync(entry)) return 'no servers named and no embedded engine';
  const { startEmbedded } = (await import(entry.href)) as { startEmbedded: StartEmbedded };
  const embedded = await startEmbedded({});
  return { name: 'embedded', ...embedded, stop: () => embedded.stop() };
}

/** @returns the real servers that the environment names */
export function namedServers(): Pick<Engine, 'drachtio' | 'freeswitch'> | undefined {
  const { DIALBACK_DRACHTIO, DIALBACK_FREESWITCH } = process.env;
  if (!DIALBACK_DRACHTIO || !DIALBACK_FREESWITCH) return undefined;
  return {
    drachtio: parseAddress(DIALBACK_DRACHTIO),
    freeswitch: parseAddress(DIALBACK_FREESWITCH),
  };
}

/** `engine:` and the servers, from the environment or the embedded engine. */
export function engineYaml(): string {
  const named = namedServers();
  if (!named) return 'engine: embedded\n';
  const address = ({ host, port, secret }: ServerAddress) =>
    `{ host: "${host}", port: ${port}, secret: "${secret}" }`;
  const { drachtio, freeswitch } = named;
  return `engine: servers\ndrachtio: ${address(drachtio)}\nfreeswitch: [${address(freeswitch)}]\n`;
}

/** The embedded engine as these tests need it; named here so that they compile without it. */
type StartEmbedded = (options: object) => Promise<Omit<Engine, 'name'>>;

function parseAddress(text: string): ServerAddress {
  const [, host, port, secret] = /^([^:,]+):(\d+),(.*)$/.exec(text) ?? [];
  if (!host || !port || secret === undefined) throw new Error(`not host:port,secret: ${text}`);
  return { host, port: Number(port), secret };
}
