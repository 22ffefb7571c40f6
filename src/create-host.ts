/** Who has calls: the host of the sessions and the line of calls from outside, given the configuration in force. */
import { join } from 'node:path';
import { createMediaFiles } from './adapters/media/media-files.js';
import type { MediaFolders } from './adapters/media/shared-folder.js';
import type { LiveConfig } from './config/reload-config.js';
import { WirePace } from './dial/wire-pace.js';
import type { Fetcher } from './holder/fetcher.js';
import { InboundLine } from './inbound/inbound-line.js';
import type { RecordLines } from './report/record-lines.js';
import { SessionHost, type SessionHostDeps } from './session-host.js';
import type { Speech } from './treatment/media-file.js';

type HostParts = Pick<
  SessionHostDeps,
  | 'store'
  | 'telephony'
  | 'setUps'
  | 'holders'
  | 'desk'
  | 'everywhere'
  | 'analyser'
  | 'clock'
  | 'random'
  | 'log'
  | 'counters'
  | 'metrics'
  | 'announcer'
  | 'onSessionEnded'
  | 'onLineLeft'
>;

/** What may change while running is read from the configuration in force each time. */
export function createHost(
  live: LiveConfig,
  folders: () => MediaFolders,
  {
    speech,
    fetcher,
    records,
    ...parts
  }: HostParts & {
    readonly speech: Speech | undefined;
    readonly fetcher: Fetcher;
    readonly records: RecordLines;
  },
): { readonly host: SessionHost; readonly inbound: InboundLine } {
  const deps: SessionHostDeps = {
    ...parts,
    wirePace: new WirePace(parts.clock),
    files: createMediaFiles({
      get cacheDirectory() {
        return folders().cacheDirectory;
      },
      fetcher,
      speech,
    }),
    get comfortFile() {
      return join(folders().packagedDirectory, 'comfort.wav');
    },
    get places() {
      const { packagedDirectory } = folders();
      return { directory: live.current.media.directory, packagedDirectory };
    },
    get trunks() {
      return live.current.trunks;
    },
    get dialling() {
      return live.current.dialling;
    },
    get trunkResults() {
      return live.current.trunkResults;
    },
    get routePoints() {
      return live.current.routePoints;
    },
    get services() {
      return live.current.services;
    },
    times: () => live.current,
  };
  const { telephony, setUps, desk, clock, random, log, metrics, store } = parts;
  const inbound = new InboundLine({
    ...{ store, telephony, setUps, desk, clock, random, log, metrics, records },
    files: deps.files,
    get comfortFile() {
      return deps.comfortFile;
    },
    settings: () => ({ places: deps.places, routePoints: deps.routePoints }),
  });
  return { host: new SessionHost(deps), inbound };
}
