import assert from 'node:assert/strict';
import { shownConfig } from '../../src/config/shown-config.js';
import { configOf } from '../request/test-config.js';

describe('The configuration as it is shown', () => {
  it('hides what is secret, and shows the rest as written', async () => {
    const config = await configOf(`
trunks: [ { name: main, uri: "sip:trunk.example.net", username: acme, password: hunter22 } ]
http: { apiKeys: [ { name: web, key: hunter22-hunter22 } ] }
webhook: { secret: hunter22-hunter22-hunter22 }
services: { sales: { _ttl: 7 } }
`);
    const shown = shownConfig(config);
    assert.doesNotMatch(JSON.stringify(shown), /hunter22/);
    assert.deepEqual(shown, {
      trunks: [
        { name: 'main', uri: 'sip:trunk.example.net', username: 'acme', password: '(hidden)' },
      ],
      http: { apiKeys: [{ name: 'web', key: '(hidden)' }] },
      webhook: { secret: '(hidden)' },
      services: { sales: { _ttl: 7 } },
    });
  });
});
