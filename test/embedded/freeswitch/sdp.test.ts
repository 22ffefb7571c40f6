import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  answerDirection,
  parseRemoteAudio,
  writeSdp,
} from '../../../src/embedded/freeswitch/sdp.js';

const LOCAL = {
  host: '127.0.0.1',
  port: 20000,
  payloadTypes: [0, 8],
  dtmfPayloadType: 101,
  direction: 'sendrecv',
  packetMs: 20,
  sessionId: 1,
  version: 2,
} as const;

describe('Session descriptions of the media server', () => {
  it('are read as they were written', () => {
    const audio = parseRemoteAudio(writeSdp(LOCAL));
    assert.deepEqual(audio, {
      host: '127.0.0.1',
      port: 20000,
      payloadTypes: [0, 8],
      dtmfPayloadType: 101,
      direction: 'sendrecv',
      packetMs: 20,
    });
  });

  it('keep the preference of the peer and leave out what cannot be served', () => {
    const sdp = writeSdp(LOCAL).replace('RTP/AVP 0 8 101', 'RTP/AVP 9 8 18 0 101 13');
    assert.deepEqual(parseRemoteAudio(sdp)?.payloadTypes, [8, 0]);
  });

  it('may name the address and the direction for all media or for the audio alone', () => {
    const session = writeSdp({ ...LOCAL, direction: 'sendonly' });
    const media = session
      .replace('c=IN IP4 127.0.0.1\r\n', 'c=IN IP4 192.0.2.9\r\n')
      .replace('a=ptime:20', 'c=IN IP4 192.0.2.1\r\na=ptime:20');
    assert.equal(parseRemoteAudio(media)?.host, '192.0.2.1');
    assert.equal(parseRemoteAudio(media)?.direction, 'sendonly');
    const early = session.replace('a=sendonly\r\n', '').replace('t=0 0', 't=0 0\r\na=inactive');
    assert.equal(parseRemoteAudio(early)?.direction, 'inactive');
  });

  it('take the plain audio line, not the encrypted one or the video', () => {
    const encrypted = 'm=audio 4000 RTP/SAVP 0\r\na=crypto:1 x\r\nm=video 4002 RTP/AVP 31\r\n';
    const sdp = writeSdp(LOCAL).replace('m=audio', `${encrypted}m=audio`);
    assert.equal(parseRemoteAudio(sdp)?.port, 20000);
    const onlyEncrypted = writeSdp(LOCAL).replace('RTP/AVP', 'RTP/SAVP');
    assert.equal(parseRemoteAudio(onlyEncrypted), undefined);
  });

  it('are nothing without version, address or a usable port', () => {
    const good = writeSdp(LOCAL);
    for (const bad of [
      '',
      good.replace('v=0', 'v=1'),
      good.replace('IN IP4 127.0.0.1\r\nt', 'IN IP6 ::1\r\nt'),
      good.replace('m=audio 20000', 'm=audio 70000'),
    ]) {
      assert.equal(parseRemoteAudio(bad), undefined, bad);
    }
  });

  it('are answered in the direction that fits', () => {
    assert.deepEqual(
      (['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const).map(answerDirection),
      ['sendrecv', 'recvonly', 'sendonly', 'inactive'],
    );
  });

  it('ask for packets of a duration, of which the nearest possible is taken', () => {
    const asked = (lines: string): number | undefined =>
      parseRemoteAudio(writeSdp(LOCAL).replace('a=ptime:20', lines))?.packetMs;
    const cases: [string, number][] = [
      ['a=ptime:30', 30],
      ['a=ptime:40', 40],
      ['a=ptime:50', 40],
      ['a=ptime:200', 60],
      ['a=ptime:5', 20],
      ['a=ptime:40\r\na=maxptime:30', 30],
      ['a=maxptime:10', 10],
      ['a=ptime:x', 20],
      ['a=x', 20],
    ];
    for (const [lines, expected] of cases) assert.equal(asked(lines), expected, lines);
    assert.match(writeSdp({ ...LOCAL, packetMs: 40 }), /a=ptime:40\r\n/);
  });

  it('may give telephone events any number, and A-law as the only coding', () => {
    const sdp = writeSdp({ ...LOCAL, payloadTypes: [8], dtmfPayloadType: 96 });
    assert.match(sdp, /m=audio 20000 RTP\/AVP 8 96\r\na=rtpmap:8 PCMA\/8000\r\na=rtpmap:96 tel/);
    const audio = parseRemoteAudio(sdp);
    assert.deepEqual([audio?.payloadTypes, audio?.dtmfPayloadType], [[8], 96]);
  });

  it('never throw, whatever is in them', () => {
    const lines = writeSdp(LOCAL).split('\r\n');
    fc.assert(
      fc.property(fc.shuffledSubarray(lines), fc.string(), (some, junk) => {
        parseRemoteAudio(['v=0', ...some, junk].join('\r\n'));
        parseRemoteAudio(junk);
      }),
    );
  });
});
