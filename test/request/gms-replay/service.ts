/** A `dialback run` of its own for the replay: on free ports of loopback, without a trunk. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { TemporaryFolder } from '../../config/temporary-config.js';

/** Services as a GMS has them; each one for another answer. */
export const SERVICES = `
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite::memory:" }
queues: { q: { targets: [{ uri: "sip:q@127.0.0.1" }] } }
officeHours:
  bh_24x7: { _timezone: UTC, _bh_regular1: "Mon-Sun 00:00-24:00" }
  paris: { _timezone: Europe/Paris, _bh_regular1: "Mon-Fri 08:00-20:00", _bh_add1: "07-14 12:00-14:30", _holiday1: 2026-12-25 }
defaults: { queue: q, _default_country: US, _enable_in_queue_checking: false }
services:
  mobile:
    _customer_lookup_keys: [_customer_number, CB_SUBSCRIPTION_ID, _service_type]
    _business_hours_service: bh_24x7
    _throttle_request_parameters_limit: 1000
  mandatory:
    _customer_lookup_keys: [_customer_number, account]
    _mandatory_customer_lookup_keys: [_customer_number, account]
  throttled: { _throttle_callbacks_per_service_1: 1, _throttle_ttl_1: 300 }
  daily: { _throttle_request_parameters_limit: 1 }
  full: { _max_queued_callbacks_per_service: 0 }
  booked: { _max_request_by_time_bucket: 1, _request_time_bucket: 60 }
`;

export interface RunningService {
  /** Base URL of its API. */
  readonly url: string;
  /** @returns its exit code */
  stop(): Promise<number | null>;
}

/** @throws Error when it ends before it runs */
export async function runService(yaml = SERVICES): Promise<RunningService> {
  const folder = new TemporaryFolder();
  const file = folder.write('dialback.yaml', yaml);
  const child = spawn(
    process.execPath,
    ['--no-warnings', '--import', 'tsx', 'src/cli.ts', 'run', '--config', file],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    folder.remove();
    return child.exitCode;
  };
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line);
    const { msg, api } = JSON.parse(line) as { msg?: string; api?: string };
    if (msg !== 'running' || api === undefined) continue;
    child.stderr.resume();
    return { url: api, stop };
  }
  await stop();
  throw new Error(`dialback run ended:\n${said.join('\n')}`);
}
