/** The configuration of a campaign's service: one far end as trunk and as queue, one service. */
import type { Address } from './processes.js';

/** The queue's number at the far end; whoever is called there is an agent. */
export const AGENTS = 'agents';
/** Whom agents may send a customer on to. */
export const DESK = 'desk';

export interface CampaignService {
  readonly drachtio: Address;
  readonly freeswitch: Address;
  /** Where trunk and queue are. */
  readonly farEnd: { readonly host: string; readonly port: number };
  /** `sqlite:FILE` or `postgres://...`, and what else the block has. */
  readonly store: Readonly<Record<string, string | number>>;
  readonly callsPerSecond?: number;
  /** Options of the service beyond those that every campaign has. */
  readonly options: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** What else the file has. */
  readonly blocks?: Readonly<Record<string, object>>;
}

/** What every campaign wants: no limits on requests, and files to be heard. */
const OPTIONS = {
  queue: 'support',
  _default_country: 'GB',
  _disallow_impossible_phone_numbers: false,
  _treatment_customer_connect: 'connect.wav',
  _treatment_waiting_for_agent: 'waiting.wav',
  _treatment_call_failure_answering_machine: 'machine.wav',
  _throttle_callbacks_per_service_1: 1_000_000,
  _throttle_callbacks_per_service_2: 1_000_000,
};

/** JSON, which is YAML. */
export function serviceYaml(campaign: CampaignService): string {
  const { drachtio, freeswitch, farEnd, store, options, blocks, callsPerSecond = 100 } = campaign;
  const far = `${farEnd.host}:${farEnd.port}`;
  const addressOf = ({ host, port, secret }: Address): Address => ({ host, port, secret });
  return JSON.stringify({
    engine: 'servers',
    drachtio: addressOf(drachtio),
    freeswitch: [addressOf(freeswitch)],
    trunks: [
      {
        name: 'far',
        uri: `sip:${far}`,
        maxConcurrentCalls: 500,
        maxCallsPerSecond: callsPerSecond,
      },
    ],
    queues: { support: { targets: [{ uri: `sip:${AGENTS}@${far}` }] } },
    http: { listen: '127.0.0.1:0' },
    store,
    services: { sales: { ...OPTIONS, ...options } },
    ...blocks,
  });
}
