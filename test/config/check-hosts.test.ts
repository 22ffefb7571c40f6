import assert from 'node:assert/strict';
import { checkHosts } from '../../src/config/check-hosts.js';
import { TemporaryFolder } from './temporary-config.js';

describe('checkHosts', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  const findings = async (text: string) =>
    (await checkHosts(await folder.load(text))).map(
      ({ severity, path, found }) => `${severity} ${path} ${found}`,
    );

  it('is content with addresses and with names of this machine', async () => {
    const text =
      'trunks: [{ name: t, uri: "sip:192.0.2.1:5080;transport=tcp" }, { name: u, uri: "sip:[::1]" }]\n' +
      'queues: { q: { targets: [{ uri: "sip:q@localhost:5070" }] } }\n';
    assert.deepEqual(await findings(text), []);
  });

  it('names each example host once, at its first place, and asks nobody about it', async () => {
    const text =
      'queues: { q: { targets: [{ uri: "sip:a@pbx.example.net" }, { uri: "sip:b@pbx.example.net" }] } }\n' +
      'routePoints: { r: { uri: "sip:r@pbx.example.net" }, s: { uri: "sip:s@box.invalid" } }\n';
    assert.deepEqual(await findings(text), [
      'warning queues.q.targets[0].uri pbx.example.net',
      'warning routePoints.s.uri box.invalid',
    ]);
  });

  it('finds a host that cannot be there, or says that nobody could be asked', async function () {
    this.timeout(15_000);
    // A label of 64 letters is longer than any name can be (RFC 1035 2.3.4): never found, anywhere.
    const host = `${'x'.repeat(64)}.net`;
    const found = await findings(`trunks: [{ name: t, uri: "sip:${host}" }]\n`);
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', /^(error|warning) trunks\[0\]\.uri x+\.net$/);
  });

  it('asks for real servers only when they are in use', async () => {
    const servers =
      'drachtio: { host: a.test, secret: x }\nfreeswitch: [{ host: b.test, secret: x }]\n';
    assert.deepEqual(await findings(servers), []);
    assert.deepEqual(await findings(`engine: servers\n${servers}`), [
      'warning drachtio.host a.test',
      'warning freeswitch[0].host b.test',
    ]);
  });
});
