import assert from 'node:assert/strict';
import {
  inviteHeaders,
  parseQ850,
  parseRetryAfter,
  reasonHeader,
} from '../../../src/adapters/telephony/sip-headers.js';

describe('SIP headers', () => {
  const Q850: readonly [string | undefined, number | undefined, string][] = [
    ['Q.850;cause=17;text="user busy"', 17, 'plain'],
    ['Q.850 ;cause=16', 16, 'space before the parameter'],
    ['SIP;cause=487, Q.850;cause=31', 31, 'second value'],
    ['q.850;text="x";cause=1', 1, 'lower case, cause last'],
    ['SIP;cause=200;text="Call completed elsewhere"', undefined, 'no Q.850'],
    ['Q.850;cause=0', undefined, 'below 1'],
    ['Q.850;cause=999', undefined, 'above 127'],
    ['Q.850', undefined, 'no cause'],
    [undefined, undefined, 'no header'],
  ];
  for (const [header, cause, why] of Q850) {
    it(`reads Q.850 cause ${cause} from ${header}: ${why}`, () => {
      assert.equal(parseQ850(header), cause);
    });
  }

  const RETRY: readonly [string | undefined, number | undefined][] = [
    ['120', 120_000],
    ['120 (in a meeting)', 120_000],
    ['120;duration=60', 120_000],
    ['999999999', 86_400_000],
    ['soon', undefined],
    ['-5', undefined],
    [undefined, undefined],
  ];
  for (const [header, expectedMs] of RETRY) {
    it(`reads Retry-After ${header} as ${expectedMs} ms`, () => {
      assert.equal(parseRetryAfter(header), expectedMs);
    });
  }

  it('leaves a reason text out rather than break the header', () => {
    assert.deepEqual(reasonHeader('over'), { Reason: 'Q.850;cause=16;text="over"' });
    assert.deepEqual(reasonHeader('a"\r\nVia: b'), { Reason: 'Q.850;cause=16' });
  });

  it('says that somebody else has a call only where somebody has: telephones hide it then', () => {
    const rang = { Reason: 'Q.850;cause=102;text="rang 30 s"' };
    assert.deepEqual(reasonHeader('rang 30 s', 'ring-timeout'), rang);
    const elsewhere = { Reason: 'SIP;cause=200;text="Call completed elsewhere"' };
    assert.deepEqual(reasonHeader('another one answered', 'taken-elsewhere'), elsewhere);
  });

  it('offers a session timer that we refresh, when asked to', () => {
    const request = { uri: 'sip:a@b', callId: 'c', localSdp: 'v=0' };
    assert.equal(inviteHeaders(request)['Session-Expires'], undefined);
    const headers = inviteHeaders({ ...request, sessionExpiresMs: 1_800_000 });
    assert.equal(headers['Session-Expires'], '1800;refresher=uac');
    assert.equal(headers['Supported'], 'timer');
  });

  it('says that a REFER may come, where it is followed', () => {
    const request = { uri: 'sip:a@b', callId: 'c', localSdp: 'v=0' };
    assert.equal(inviteHeaders(request)['Allow'], undefined);
    const allow = inviteHeaders({ ...request, mayRefer: true })['Allow'] ?? '';
    for (const method of ['REFER', 'INVITE', 'BYE']) assert.ok(allow.split(', ').includes(method));
  });

  it('spells call-id and from so that a digest retry replaces them', () => {
    const request = { uri: 'sip:a@b', callId: 'id', localSdp: '', callerId: '#31#100' };
    assert.deepEqual(inviteHeaders(request), {
      'call-id': 'id',
      from: '<sip:%2331%23100@localhost>',
    });
  });

  it('does not let the caller set what belongs to the dialog', () => {
    const request = { uri: 'sip:a@b', callId: 'id', localSdp: '' };
    for (const name of ['Via', 'to', 'CSeq', 'Content-Length', 'Route', 'Proxy-Authorization']) {
      assert.throws(() => inviteHeaders({ ...request, headers: { [name]: 'x' } }), {
        code: 'REFUSED_TEXT',
      });
    }
  });
});
