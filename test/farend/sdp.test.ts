import assert from 'node:assert/strict';
import fc from 'fast-check';
import { answerDirection, readSdp, writeAnswer, writeOffer } from '../../src/farend/sdp.js';

const LOCAL = { host: '127.0.0.1', port: 4000, sessionId: 9, version: 1 };

function sdp(...media: string[]): string {
  return ['v=0', 'o=- 1 1 IN IP4 10.0.0.1', 's=-', 'c=IN IP4 10.0.0.1', 't=0 0', ...media, ''].join(
    '\r\n',
  );
}

describe('SDP of the far end', () => {
  it('reads address, port, laws in order, events and direction', () => {
    const remote = readSdp(
      sdp(
        'm=audio 5004 RTP/AVP 18 8 0 97',
        'c=IN IP4 10.0.0.2',
        'a=rtpmap:97 telephone-event/8000',
        'a=sendonly',
      ),
    );
    assert.deepEqual(remote, {
      host: '10.0.0.2',
      port: 5004,
      laws: [8, 0],
      dtmfPayloadType: 97,
      direction: 'sendonly',
      streams: ['audio 5004 RTP/AVP 18 8 0 97'],
      audioIndex: 0,
    });
  });

  it('takes an address of zeros for a hold, as old equipment means it', () => {
    const remote = readSdp(sdp('m=audio 5004 RTP/AVP 0', 'c=IN IP4 0.0.0.0'));
    assert.equal(remote?.direction, 'inactive');
  });

  it('refuses other streams with port 0, in their places', () => {
    const remote = readSdp(
      sdp('m=video 6000 RTP/AVP 96', 'm=audio 5004 RTP/AVP 0 8', 'm=image 7000 udptl t38'),
    );
    assert.ok(remote);
    const lines = writeAnswer(LOCAL, remote).split('\r\n');
    assert.deepEqual(
      lines.filter((line) => line.startsWith('m=')),
      ['m=video 0 RTP/AVP 96', 'm=audio 4000 RTP/AVP 0', 'm=image 0 udptl t38'],
    );
  });

  it('mirrors the direction', () => {
    assert.equal(answerDirection('sendonly'), 'recvonly');
    assert.equal(answerDirection('recvonly'), 'sendonly');
    assert.equal(answerDirection('inactive'), 'inactive');
    assert.equal(answerDirection('sendrecv'), 'sendrecv');
  });

  it('understands what it writes', () => {
    const offer = readSdp(writeOffer(LOCAL));
    assert.deepEqual([offer?.laws, offer?.dtmfPayloadType, offer?.port], [[0, 8], 101, 4000]);
    const answer = readSdp(writeAnswer({ ...LOCAL, port: 4002 }, offer!));
    assert.deepEqual([answer?.laws, answer?.dtmfPayloadType, answer?.port], [[0], 101, 4002]);
  });

  const useless: readonly [string, string][] = [
    ['nothing', ''],
    ['no SDP', 'hello'],
    ['no audio', sdp('m=video 5004 RTP/AVP 0')],
    ['another codec', sdp('m=audio 5004 RTP/AVP 18 101')],
    ['encrypted audio', sdp('m=audio 5004 RTP/SAVP 0')],
    ['a refused stream', sdp('m=audio 0 RTP/AVP 0')],
    ['a port beyond range', sdp('m=audio 70000 RTP/AVP 0')],
    ['IPv6', sdp('m=audio 5004 RTP/AVP 0').replaceAll('IP4 10.0.0.1', 'IP6 ::1')],
    ['a host name', sdp('m=audio 5004 RTP/AVP 0').replaceAll('10.0.0.1', 'example.net')],
    ['no such address', sdp('m=audio 5004 RTP/AVP 0').replaceAll('10.0.0.1', '10.0.0.999')],
    ['too much', sdp('m=audio 5004 RTP/AVP 0', 'a=x:'.padEnd(20_000, 'y'))],
  ];
  for (const [what, text] of useless) {
    it(`makes nothing of ${what}`, () => assert.equal(readSdp(text), undefined));
  }

  it('is done at once with a list of formats that never ends well', () => {
    const startedAt = performance.now();
    assert.equal(readSdp(sdp(`m=audio 5004 RTP/AVP ${'1'.repeat(60)}x`)), undefined);
    assert.ok(performance.now() - startedAt < 100);
  });

  it('never throws, whatever comes', () => {
    const lines = fc.constantFrom(
      'v=0',
      'm=audio 5004 RTP/AVP 0 8 101',
      'm=audio 1/2 RTP/AVP 0',
      'm=audio 9 RTP/AVP ',
      'm=',
      'c=IN IP4 1.2.3.4',
      'c=IN IP4 ',
      'a=sendonly',
      'a=rtpmap:101 telephone-event/8000',
      '',
    );
    const text = fc.array(fc.oneof(lines, fc.string())).map((list) => list.join('\r\n'));
    fc.assert(
      fc.property(text, (given) => {
        const remote = readSdp(`v=0\r\n${given}`);
        if (remote) assert.ok(readSdp(writeAnswer(LOCAL, remote)));
      }),
    );
  });
});
