/** What goes wrong in the campaign: each fault says how it begins and how it is healed. */
import type { ServiceProcess } from '../crash/processes.js';
import type { Random } from '../fuzz/random.js';
import { makeNoise, type Network } from './network.js';
import type { ServerPair } from './servers.js';

export interface World {
  readonly servers: ServerPair;
  readonly network: Network;
  readonly random: Random;
  service: ServiceProcess;
  startService(): Promise<ServiceProcess>;
}

export interface Fault {
  readonly name: string;
  /** How long it lasts before it is healed, at least and at most. */
  readonly lastsMs: readonly [number, number];
  /** @returns how to heal it */
  begin(world: World): Promise<() => Promise<void>>;
}

const none = (): Promise<void> => Promise.resolve();

type Server = 'freeswitch' | 'drachtio';

/** Gone at once, and back after a while. */
const kill = (server: Server): Fault => ({
  name: `kill ${server}`,
  lastsMs: [500, 6000],
  begin: async ({ servers }) => {
    await servers[server].signal('SIGKILL');
    return () => servers[server].start();
  },
});

/** Ended in the proper way and started again. */
const restart = (server: Server): Fault => ({
  name: `restart ${server}`,
  lastsMs: [0, 0],
  begin: async ({ servers }) => {
    await servers[server].signal('SIGTERM');
    return () => servers[server].start();
  },
});

const mood = (name: string, wanted: Network['mood']): Fault => ({
  name,
  lastsMs: [2000, 6000],
  begin: ({ network }) => {
    network.mood = wanted;
    return Promise.resolve(() => {
      network.mood = 'answers';
      return none();
    });
  },
});

export const FAULTS: readonly Fault[] = [
  kill('freeswitch'),
  {
    name: 'freeze freeswitch',
    lastsMs: [1000, 12_000],
    begin: async ({ servers }) => {
      await servers.freeswitch.signal('SIGSTOP');
      return () => servers.freeswitch.signal('SIGCONT');
    },
  },
  restart('freeswitch'),
  kill('drachtio'),
  restart('drachtio'),
  {
    name: 'kill the service',
    lastsMs: [0, 3000],
    begin: async (world) => {
      await world.service.kill();
      return async () => {
        world.service = await world.startService();
      };
    },
  },
  mood('the called party vanishes', 'loses the party'),
  mood('the trunk answers 503', 'says 503'),
  mood('the trunk answers 408', 'says 408'),
  {
    name: 'the trunk answers garbage',
    lastsMs: [2000, 6000],
    begin: async ({ network, servers, random }) => {
      network.mood = 'talks nonsense';
      const quiet = await makeNoise(servers.sipPort, random);
      return () => {
        quiet();
        network.mood = 'answers';
        return none();
      };
    },
  },
  {
    name: 'packets are lost (10 %)',
    lastsMs: [4000, 10_000],
    begin: ({ network }) => {
      network.weather = 'lossy';
      return Promise.resolve(() => {
        network.weather = 'fine';
        return none();
      });
    },
  },
];
