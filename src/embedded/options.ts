/**
 * What the embedded engine can be told, and what it tells: plain data that crosses a thread.
 */
import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type { FaultRule } from './faults.js';

export type EngineLogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One line of the engine's log: a fixed sentence and its data. */
export interface EngineLogLine {
  readonly level: EngineLogLevel;
  readonly msg: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export interface EmbeddedOptions {
  /** Address the SIP agent binds; 127.0.0.1 by default. */
  readonly sipHost?: string;
  /** Its UDP port; 0, the default, takes any free one. */
  readonly sipPort?: number;
  /** Address that peers are told, when it is not the bound one. */
  readonly sipPublicHost?: string;
  /** RFC 3261's T1 for both SIP endpoints; 500 by default. */
  readonly t1Ms?: number;
  /** Address the media binds and is told; as `sipHost` by default. */
  readonly rtpHost?: string;
  /** Control port for drachtio-srf, on 127.0.0.1; any free one by default. */
  readonly drachtioPort?: number;
  /** Event socket for drachtio-fsmrf, on 127.0.0.1; any free one by default. */
  readonly freeswitchPort?: number;
  /** Random per start by default. */
  readonly secrets?: { readonly drachtio?: string; readonly freeswitch?: string };
  /** Where relative sound files live. */
  readonly soundsDirectory?: string;
  /** False leaves mod_audio_fork out, as a stock FreeSWITCH does; true by default. */
  readonly audioFork?: boolean;
  /** Host names (lower case) with fixed addresses, as in /etc/hosts. */
  readonly hosts?: Readonly<Record<string, string>>;
}

/** The same with every default applied. */
export interface EngineSettings {
  readonly sipHost: string;
  readonly sipPort: number;
  readonly sipPublicHost: string | undefined;
  readonly t1Ms: number;
  readonly rtpHost: string;
  readonly adminHost: string;
  readonly drachtioPort: number;
  readonly freeswitchPort: number;
  readonly drachtioSecret: string;
  readonly freeswitchSecret: string;
  readonly soundsDirectory: string | undefined;
  readonly audioFork: boolean;
  readonly hosts: Readonly<Record<string, string>>;
}

/** Control ports are for this machine only: their secrets travel in clear. */
const ADMIN_HOST = '127.0.0.1';

const ANY_ADDRESS = '0.0.0.0';

/**
 * Applies the defaults; every call makes new secrets unless they are given. `0.0.0.0` cannot be
 * told to a peer: without a public address the machine's first one is. Media always tells the
 * address it binds, so that has to be one of the machine's own.
 */
export function applyDefaults(options: EmbeddedOptions): EngineSettings {
  const sipHost = options.sipHost ?? '127.0.0.1';
  const told = options.sipPublicHost ?? (sipHost === ANY_ADDRESS ? ownAddress() : sipHost);
  const rtpHost = options.rtpHost ?? sipHost;
  return {
    sipHost,
    sipPort: options.sipPort ?? 0,
    sipPublicHost: told === sipHost ? undefined : told,
    t1Ms: options.t1Ms ?? 500,
    rtpHost: rtpHost === ANY_ADDRESS ? ownAddress(told) : rtpHost,
    adminHost: ADMIN_HOST,
    drachtioPort: options.drachtioPort ?? 0,
    freeswitchPort: options.freeswitchPort ?? 0,
    drachtioSecret: options.secrets?.drachtio ?? randomBytes(16).toString('hex'),
    freeswitchSecret: options.secrets?.freeswitch ?? randomBytes(16).toString('hex'),
    soundsDirectory: options.soundsDirectory,
    audioFork: options.audioFork ?? true,
    hosts: options.hosts ?? {},
  };
}

/** The preferred address if it is the machine's, else its first that is not loopback. */
function ownAddress(preferred?: string): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  if (preferred && all.some(({ address }) => address === preferred)) return preferred;
  const found = all.find(({ family, internal }) => family === 'IPv4' && !internal);
  return found?.address ?? '127.0.0.1';
}

/** What the worker gets. Faults come from testing.ts only, never from options. */
export interface WorkerData {
  readonly settings: EngineSettings;
  readonly hasFaults: boolean;
}

/** What is alive in the engine. All zero, but for `clients`, when no call is up. */
export interface EngineStats {
  /** Applications connected to the drachtio port. */
  readonly clients: number;
  readonly dialogs: number;
  readonly pendingRequests: number;
  readonly clientTransactions: number;
  readonly serverTransactions: number;
  readonly channels: number;
  readonly rtpSessions: number;
  /** Sockets of the event socket: the inbound connections and one per endpoint. */
  readonly eventSockets: number;
  readonly timers: number;
}

/** Where the started engine listens. */
export interface EngineAddresses {
  readonly drachtio: { readonly host: string; readonly port: number };
  readonly freeswitch: { readonly host: string; readonly port: number };
  readonly sip: { readonly host: string; readonly port: number };
}

/** Parent to worker. */
export type EngineRequest =
  | { readonly kind: 'stats'; readonly id: number }
  | { readonly kind: 'stop'; readonly id: number }
  | { readonly kind: 'add-fault'; readonly id: number; readonly rule: FaultRule }
  | { readonly kind: 'end-fault'; readonly id: number; readonly fault: number };

/** Worker to parent. */
export type EngineMessage =
  | { readonly kind: 'started'; readonly addresses: EngineAddresses }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'log'; readonly line: EngineLogLine }
  | { readonly kind: 'stats'; readonly id: number; readonly stats: EngineStats }
  | { readonly kind: 'stopped'; readonly id: number }
  | {
      readonly kind: 'fault';
      readonly id: number;
      readonly fault: number;
      readonly hits: number;
    };
