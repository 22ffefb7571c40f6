import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../src/config/load-config.js';
import { otherSide, pluginDestination, setStage } from '../../src/demo/stage.js';

const DEMO = fileURLToPath(new URL('../../config/examples/demo.yaml', import.meta.url));

describe('the stage of the demo', () => {
  it('has the persona that an address names, else a queue', () => {
    assert.equal(otherSide('sip:route-point@pbx.example.net'), 'route-point');
    assert.equal(otherSide('sip:agent@pbx.example.net'), 'agent');
    assert.equal(otherSide('sip:support@pbx.example.net'), 'queue');
    assert.equal(otherSide('sip:fax@pbx.example.net'), 'queue');
  });

  it('plays a webhook on a host that cannot exist, and leaves every other one alone', async () => {
    const given = await loadConfig(DEMO);
    const { weekend, sales } = given.services;
    assert.ok(weekend && sales);
    assert.equal(pluginDestination(weekend), 'after-hours');
    assert.equal(pluginDestination(sales), undefined);
    const elsewhere = { ...weekend.options, pluginOnDialUrl: 'http://plugins.acme.test/x' };
    assert.equal(pluginDestination({ ...weekend, options: elsewhere }), undefined);
    const staged = setStage(given, {
      farEnd: { host: '127.0.0.1', port: 5555 },
      storePath: ':memory:',
      pluginOrigin: 'http://127.0.0.1:4444',
      agentAnswersAfterMs: 4000,
    });
    assert.equal(
      staged.services['weekend']?.options.pluginOnDialUrl,
      'http://127.0.0.1:4444/after-hours',
    );
    assert.ok(staged.allowedOrigins.includes('http://127.0.0.1:4444'));
    assert.equal(staged.routePoints['after-hours']?.uri, 'sip:route-point@127.0.0.1:5555');
    assert.equal(staged.agents['alice']?.uri, 'sip:agent@127.0.0.1:5555');
  });
});
