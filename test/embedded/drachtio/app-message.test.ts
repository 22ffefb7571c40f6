import assert from 'node:assert/strict';
import {
  ControlError,
  appHeaders,
  completeRequest,
  nextHop,
  wantedLocalTag,
} from '../../../src/embedded/drachtio/app-message.js';
import { SipMessage } from '../../../src/embedded/sip/message.js';

const LOCAL = {
  host: '192.0.2.1',
  port: 5070,
  newVia: () => 'SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1',
  isConnected: () => false,
};

const invite = (headers: readonly (readonly [string, string])[] = [], body = ''): SipMessage => {
  const message = SipMessage.request('INVITE', 'sip:bob@example.net');
  for (const [name, value] of headers) message.add(name, value);
  message.body = body;
  return message;
};

describe('A request outside a dialog', () => {
  it('gets everything that the application left out', () => {
    const message = completeRequest(invite(), LOCAL);
    assert.match(message.get('From') ?? '', /^<sip:192\.0\.2\.1:5070>;tag=[0-9a-f]{16}$/);
    assert.equal(message.get('To'), '<sip:bob@example.net>');
    assert.match(message.callId, /^[0-9a-f-]{36}$/);
    assert.match(message.get('CSeq') ?? '', /^\d+ INVITE$/);
    assert.equal(message.get('Max-Forwards'), '70');
    assert.equal(message.get('Contact'), '<sip:192.0.2.1:5070>');
  });

  it('keeps Call-ID, From tag, To and CSeq of the application: a digest retry depends on it', () => {
    const given = [
      ['call-id', 'mine'],
      ['from', '<sip:a@b>;tag=t'],
      ['to', 'sip:c@d'],
      ['cseq', '8 INVITE'],
    ] as const;
    const message = completeRequest(invite(given), LOCAL);
    assert.deepEqual(
      ['Call-ID', 'From', 'To', 'CSeq'].map((name) => message.all(name)),
      [['mine'], ['<sip:a@b>;tag=t'], ['<sip:c@d>'], ['8 INVITE']],
    );
  });

  it('gets our address in place of localhost in the four headers that say who and where', () => {
    const given = [
      ['From', '"N" <sip:100@localhost>'],
      ['To', 'sip:b@localhost:9999;x=1'],
      ['Contact', 'sip:foo@localhost'],
      ['P-Asserted-Identity', '<sip:p@localhost>'],
      ['X-Other', 'sip:p@localhost'],
      ['From-Else', 'sip:p@localhost'],
    ] as const;
    const message = completeRequest(invite(given), LOCAL);
    assert.match(message.get('From') ?? '', /^"N" <sip:100@192\.0\.2\.1:5070>;tag=/);
    assert.equal(message.get('To'), '<sip:b@192.0.2.1:5070>;x=1');
    assert.deepEqual(message.all('Contact'), ['sip:foo@192.0.2.1:5070']);
    assert.equal(message.get('P-Asserted-Identity'), '<sip:p@192.0.2.1:5070>');
    assert.equal(message.get('X-Other'), 'sip:p@localhost');
  });

  it('leaves a host alone that only begins like localhost', () => {
    const [header] = appHeaders(invite([['To', '<sip:a@localhost.example>']]), LOCAL);
    assert.deepEqual(header, ['To', '<sip:a@localhost.example>']);
  });

  it("loses headers that are not the application's to set, and gets the usual spelling of names", () => {
    const given = [
      ['via', 'x'],
      ['Route', '<sip:evil>'],
      ['record-route', '<sip:evil>'],
      ['content-length', '9'],
      ['www-authenticate', 'a'],
      ['user-agent', 'b'],
      ['x-custom-thing', 'c'],
    ] as const;
    assert.deepEqual(appHeaders(invite(given), LOCAL), [
      ['WWW-Authenticate', 'a'],
      ['User-Agent', 'b'],
      ['x-custom-thing', 'c'],
    ]);
  });

  it('gets application/sdp for a body that is SDP, and is refused for an unknown one', () => {
    assert.equal(
      completeRequest(invite([], 'v=0\r\n'), LOCAL).get('Content-Type'),
      'application/sdp',
    );
    assert.throws(() => completeRequest(invite([], 'hello'), LOCAL), {
      message: 'missing content-type',
    });
    const typed = completeRequest(invite([['content-type', 'text/plain']], 'hello'), LOCAL);
    assert.deepEqual(typed.all('Content-Type'), ['text/plain']);
  });

  it('is refused with a CSeq that is not for its method', () => {
    assert.throws(() => completeRequest(invite([['CSeq', '1 BYE']]), LOCAL), ControlError);
  });
});

describe('The next hop', () => {
  it('is the host and port of the URI, 5060 by default', () => {
    assert.deepEqual(nextHop('sip:a@b:5070;x=1'), { host: 'b', port: 5070 });
  });

  it('goes by the transport that the URI names', () => {
    const hop = { host: 'b', port: 5060 };
    assert.deepEqual(nextHop('sip:b'), hop);
    assert.deepEqual(nextHop('sip:b;transport=UDP'), { ...hop, transport: 'udp' });
    assert.deepEqual(nextHop('sip:b;transport=tcp'), { ...hop, transport: 'tcp' });
  });

  for (const [uri, why] of [
    ['sip:b;transport=tls', 'requested protocol/transport not available'],
    ['sips:b', 'requested protocol/transport not available'],
    ['tel:+1', 'invalid request-uri: tel:+1'],
  ] as const) {
    it(`is refused for ${uri}`, () => assert.throws(() => nextHop(uri), { message: why }));
  }
});

describe('The tag an application wants', () => {
  const tagIn = (to: string): string | undefined =>
    wantedLocalTag(SipMessage.response(200).add('To', to));

  it('is found alone and in an address', () => {
    assert.equal(tagIn('tag=abc'), 'abc');
    assert.equal(tagIn('<sip:a@b>;tag=abc;x=1'), 'abc');
    assert.equal(tagIn('<sip:a@b>'), undefined);
  });
});
