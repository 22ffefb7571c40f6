import assert from 'node:assert/strict';
import { isIPv4 } from 'node:net';
import { applyDefaults } from '../../src/embedded/options.js';

describe("The engine's options", () => {
  it('keep everything on loopback and on free ports by default', () => {
    const settings = applyDefaults({});
    assert.deepEqual(
      [settings.sipHost, settings.rtpHost, settings.adminHost],
      ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
    );
    assert.deepEqual([settings.sipPort, settings.drachtioPort, settings.freeswitchPort], [0, 0, 0]);
  });

  it('make new secrets at every start, unless they are given', () => {
    const [first, second] = [applyDefaults({}), applyDefaults({})];
    const secrets = [first, second].flatMap((s) => [s.drachtioSecret, s.freeswitchSecret]);
    assert.equal(new Set(secrets).size, 4);
    assert.ok(secrets.every((secret) => secret.length >= 32));
    assert.equal(applyDefaults({ secrets: { drachtio: 'mine' } }).drachtioSecret, 'mine');
  });

  it('put the media where the SIP agent is, unless told otherwise', () => {
    assert.equal(applyDefaults({ sipHost: '127.0.0.9' }).rtpHost, '127.0.0.9');
    assert.equal(
      applyDefaults({ sipHost: '127.0.0.9', rtpHost: '127.0.0.8' }).rtpHost,
      '127.0.0.8',
    );
  });

  it('never tell a peer 0.0.0.0', () => {
    const settings = applyDefaults({ sipHost: '0.0.0.0', rtpHost: '0.0.0.0' });
    assert.ok(isIPv4(settings.sipPublicHost ?? '') && settings.sipPublicHost !== '0.0.0.0');
    assert.equal(settings.rtpHost, settings.sipPublicHost);
    const chosen = applyDefaults({ sipHost: '0.0.0.0', sipPublicHost: '203.0.113.5' });
    assert.equal(chosen.sipPublicHost, '203.0.113.5');
    assert.equal(chosen.rtpHost, settings.rtpHost, 'media cannot bind an address of somebody else');
  });
});
