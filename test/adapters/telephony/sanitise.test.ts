import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sanitise, type TextKind } from '../../../src/adapters/telephony/sanitise.js';

const STRICT_KINDS: readonly Exclude<TextKind, 'log'>[] = [
  'play-file',
  'identifier',
  'sip-user',
  'sip-uri',
  'sip-call-id',
  'display-name',
  'header-name',
  'header-value',
  'reason',
  'host',
];

describe('the sanitiser', () => {
  const CASES: readonly [TextKind, string, boolean, string][] = [
    ['play-file', '/media/connect.wav', true, 'absolute path'],
    ['play-file', '/media/with space (2).wav', true, 'spaces and brackets are plain to FreeSWITCH'],
    ['play-file', 'https://cdn.example.net/a/b.wav?x=1&y=2', true, 'URL'],
    ['play-file', 'silence_stream://500', true, 'silence'],
    ['play-file', 'connect.wav', false, 'FreeSWITCH would look in its own sounds folder'],
    ['play-file', '/media/../etc/passwd', false, 'climbs out'],
    ['play-file', '/a.wav!/b.wav', false, 'a second file'],
    ['play-file', '/a.wav@@8000', false, 'a seek position'],
    ['play-file', '/${system(reboot)}.wav', false, 'runs a command'],
    ['play-file', '/$${x}.wav', false, 'global variable'],
    ['play-file', '/a.wav\nexecute-app-name: system', false, 'a second ESL header'],
    ['play-file', '{timeout=1}/a.wav', false, 'sets parameters'],
    ['play-file', 'tone_stream://%(500,0,800)', false, 'a format nobody needs'],
    ['play-file', 'file_string:///a.wav', false, 'our own list format'],
    ['play-file', '/a://b', false, 'a format behind a slash'],
    ['play-file', 'https://user:pw@cdn.example.net/a.wav', false, 'credentials'],
    ['play-file', "/it's.wav", false, 'ends an argument'],
    ['sip-uri', 'sip:+4930123@trunk.example.net:5060;transport=tcp', true, 'trunk'],
    ['sip-uri', 'sip:127.0.0.1:5080', true, 'no user'],
    ['sip-uri', 'sip:8999@[::1]:5060', true, 'IPv6'],
    ['sip-uri', 'sip:a@b>;x=<sip:c', false, 'angle brackets'],
    ['sip-uri', 'tel:+4930123', false, 'not SIP'],
    ['sip-uri', 'sip:a%0d%0aVia@b', false, 'escaped line break'],
    ['sip-user', '+4930123456', true, 'E.164'],
    ['sip-user', '12 34', false, 'space'],
    ['sip-call-id', '0c5f0a7c-1f0d-4f0a-9c9e-1a2b3c4d5e6f', true, 'uuid'],
    ['sip-call-id', 'abc@host.example', true, 'with host'],
    ['sip-call-id', 'a b', false, 'space'],
    ['display-name', 'Müller & Söhne', true, 'umlauts'],
    ['display-name', 'x" <sip:evil@example.net>', false, 'quote'],
    ['header-value', 'key=value; text="quoted"', true, 'quotes belong to many headers'],
    ['header-value', 'a\r\nVia: b', false, 'a second header'],
    ['header-name', 'X-Callback-Id', true, 'plain'],
    ['header-name', 'X:Y', false, 'colon'],
    ['reason', 'ring time is over', true, 'plain'],
    ['reason', 'say "no"', false, 'quote'],
    ['host', '10.0.0.1', true, 'IPv4'],
    ['host', '0.0.0.0 x', false, 'space'],
  ];
  for (const [kind, text, isOk, why] of CASES) {
    it(`${isOk ? 'lets through' : 'refuses'} ${kind} ${JSON.stringify(text)}: ${why}`, () => {
      const result = sanitise(kind, text);
      assert.equal(result.ok, isOk);
      if (result.ok) assert.equal(result.value, text);
      else assert.ok(!result.reason.includes(text), 'the reason does not repeat the text');
    });
  }

  it('never lets a line break, an expansion or a nul through, whatever is around it', () => {
    const poison = fc.constantFrom('\r', '\n', '\0', '\u2028', '\u0085', '${');
    const kind = fc.constantFrom(...STRICT_KINDS);
    fc.assert(
      fc.property(kind, fc.string(), poison, fc.string(), (use, before, bad, after) => {
        assert.equal(sanitise(use, before + bad + after).ok, false);
      }),
    );
  });

  it('refuses empty and endless text, in time that does not explode', () => {
    for (const kind of STRICT_KINDS) {
      assert.equal(sanitise(kind, '').ok, false);
      const startedAtMs = performance.now();
      for (const unit of ['a', '/', 'sip:a@', '.', ' ', '0-']) {
        assert.equal(sanitise(kind, unit.repeat(200_000)).ok, false);
      }
      assert.ok(performance.now() - startedAtMs < 500);
    }
  });

  it('makes log text harmless instead of refusing it', () => {
    const result = sanitise('log', 'a\r\n\u001b[31mb' + 'c'.repeat(1000));
    assert.ok(result.ok);
    assert.match(result.value, /^a \[31mbc+…$/);
    assert.ok(result.value.length <= 301);
  });
});
