// What benches of one call after the other share: the engines that there are, a service on one of them
// whose trunk is a scripted far end, and what is made of the times.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetch } from 'undici';
import { silentLog } from '../../src/adapters/log.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { startDialback } from '../../src/main.ts';

// As mocha loads them: the G.711 library of the tests is no ES module.
const require = createRequire(import.meta.url);
const { engineYaml, namedServers } = require('../../test/sip/engines.ts');
const { tone, wav } = require('../../test/sip/far-rtp.ts');

export const { FarParty } = require('../../test/sip/far-party.ts');
export const { toneShare } = require('../../test/sip/far-rtp.ts');

export const percentile = (list, share) =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(share * list.length))];

export const load = () => `load average ${loadavg()[0].toFixed(1)} on ${cpus().length} cores`;

/** The embedded engine, and the servers that DIALBACK_DRACHTIO and DIALBACK_FREESWITCH name, with their YAML. */
export function engines() {
  const all = [['embedded engine', 'engine: embedded\n']];
  if (namedServers()) return [...all, ['servers', engineYaml()]];
  console.log('servers: not measured: DIALBACK_DRACHTIO and DIALBACK_FREESWITCH are not set');
  return all;
}

/**
 * @param engine YAML
 * @param customer the far party behind the trunk
 * @param agentUri of the queue `support`
 * @param sound `{ name, toneHz, samples }`, written where the service looks for its media
 * @param options of the service `sales`, YAML
 */
export async function startService({ engine, customer, agentUri, sound, options }) {
  const folder = await mkdtemp(join(tmpdir(), 'dialback-bench-'));
  await writeFile(join(folder, sound.name), wav(tone(sound.toneHz, sound.samples)));
  const file = join(folder, 'dialback.yaml');
  await writeFile(
    file,
    `${engine}
trunks: [{ name: far, uri: "sip:127.0.0.1:${customer.port}" }]
queues: { support: { targets: [{ uri: "${agentUri}" }] } }
media: { directory: "${folder}" }
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, 'dialback.db')}" }
services:
  sales: { queue: support, _cpd_enable: false, ${options} }
`,
  );
  const dialback = await startDialback(await loadConfig(file), silentLog);
  return {
    /** Asks for a callback; each has a number of its own. */
    ask: (n) =>
      fetch(`${dialback.url}/genesys/1/service/callback/sales`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ _customer_number: `+1212555${String(1000 + n)}` }),
      }),
    stop: async () => {
      await dialback.stop(0);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
