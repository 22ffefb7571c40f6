/**
 * Start-up of signalling and media: the real servers that are configured, or the engine inside. From
 * `connectFleet` on there is one code path.
 */
import { engineLog } from './adapters/log.js';
import { connectFleet } from './adapters/telephony/connect.js';
import type { Fleet } from './adapters/telephony/fleet.js';
import type { DialbackConfig } from './config/config.js';
import { startEmbedded } from './embedded/index.js';
import type { Clock, Log } from './ports.js';
import { telephonySites } from './telephony-sites.js';

/** Where what was started is left to be undone. */
interface CleanUp {
  add<T>(thing: T, undo: (thing: T) => Promise<unknown>): T;
}

/** @throws TelephonyError when no server can be used */
export async function startTelephony(
  config: DialbackConfig,
  log: Log,
  clock: Clock,
  cleanUp: CleanUp,
  ownerId: string,
) {
  const { sites, engineCounts } =
    config.engine === 'embedded'
      ? await startEngine(config, log, cleanUp)
      : { sites: await telephonySites(config), engineCounts: () => Promise.resolve({}) };
  const telephony = await connectFleet({ sites, log, clock, ownerId });
  cleanUp.add(telephony, () => telephony.close());
  return { telephony, engineCounts };
}

async function startEngine(config: DialbackConfig, log: Log, cleanUp: CleanUp) {
  const engine = await startEmbedded({ ...config.embedded, onLog: engineLog(log) });
  cleanUp.add(engine, () => engine.stop());
  const { drachtio, freeswitch } = engine;
  return {
    sites: [{ name: 'embedded', drachtio, freeswitch: [freeswitch] }],
    engineCounts: async (): Promise<Record<string, number>> => {
      const { channels, rtpSessions, dialogs, pendingRequests } = await engine.stats();
      // Its SIP transactions are left out: RFC 3261 keeps finished ones for 32 s.
      return { channels, rtpSessions, engineDialogs: dialogs, pendingRequests };
    },
  };
}

/** A reload may add and take away servers; what cannot be read leaves them as they are. */
export async function changeServers(
  config: DialbackConfig,
  telephony: Fleet,
  log: Log,
): Promise<void> {
  if (config.engine !== 'servers') return;
  try {
    telephony.reconfigure(await telephonySites(config));
  } catch (error) {
    log.error({ why: String(error) }, 'the servers stay as they are');
  }
}
