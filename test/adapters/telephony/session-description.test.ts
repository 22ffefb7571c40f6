import assert from 'node:assert/strict';
import fc from 'fast-check';
import { inOurName, readFarSdp } from '../../../src/adapters/telephony/session-description.js';

const OURS = sdpOf('m=audio 4000 RTP/AVP 0 8 101', 'a=rtpmap:101 telephone-event/8000');

function sdpOf(...media: readonly string[]): string {
  const head = ['v=0', 'o=x 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
  return [...head, ...media, ''].join('\r\n');
}

function fault(sdp: string): string {
  const reading = readFarSdp(sdp, OURS);
  return reading.kind === 'unusable' ? reading.fault : reading.kind;
}

describe('a session description of the far side', () => {
  it('is audio when a codec of ours is in it, by name or by static number', () => {
    assert.equal(fault(sdpOf('m=audio 5000 RTP/AVP 8')), 'audio');
    assert.equal(fault(sdpOf('m=audio 5000 RTP/AVP 97', 'a=rtpmap:97 PCMU/8000')), 'audio');
    assert.equal(fault(sdpOf('m=audio 5000 RTP/AVPF 0')), 'audio');
    assert.equal(fault(sdpOf('m=video 6000 RTP/AVP 96', 'm=audio 5000 RTP/AVP 0')), 'audio');
  });

  it('has no usable codec when only others, or telephone-event alone, are left', () => {
    assert.equal(
      fault(sdpOf('m=audio 5000 RTP/AVP 97', 'a=rtpmap:97 opus/48000/2')),
      'SDP_NO_CODEC',
    );
    assert.equal(fault(sdpOf('m=audio 5000 RTP/AVP 18')), 'SDP_NO_CODEC');
    const events = 'a=rtpmap:101 telephone-event/8000';
    assert.equal(fault(sdpOf('m=audio 5000 RTP/AVP 101', events)), 'SDP_NO_CODEC');
    const reading = readFarSdp(sdpOf('m=audio 5000 RTP/AVP 18'), OURS);
    assert.ok(reading.kind === 'unusable' && /G729.*PCMU\/8000, PCMA\/8000/.test(reading.why));
  });

  it('tells refused audio, SRTP, fax and nothing at all apart', () => {
    assert.equal(fault(sdpOf('m=audio 0 RTP/AVP 0')), 'SDP_NO_AUDIO');
    assert.equal(fault(sdpOf('m=video 6000 RTP/AVP 96')), 'SDP_NO_AUDIO');
    assert.equal(fault(sdpOf('m=audio 5000 RTP/SAVP 0')), 'SDP_SRTP');
    assert.equal(fault(sdpOf('m=audio 5000 UDP/TLS/RTP/SAVPF 0')), 'SDP_SRTP');
    assert.equal(fault(sdpOf('m=image 5002 udptl t38')), 'fax');
    assert.equal(fault(sdpOf('m=audio 0 RTP/AVP 0', 'm=image 5002 udptl t38')), 'fax');
    assert.equal(fault(sdpOf('m=audio 5000 RTP/AVP 0', 'm=image 5002 udptl t38')), 'audio');
    assert.equal(fault(''), 'SDP_MISSING');
    assert.equal(fault('hello'), 'SDP_UNREADABLE');
    assert.equal(fault(sdpOf()), 'SDP_UNREADABLE');
  });

  it('is SRTP with a key that we can take, and nothing else, where SRTP was offered', () => {
    const key = `inline:${'A'.repeat(40)}`;
    const ours = sdpOf('m=audio 4000 RTP/SAVP 0 8', `a=crypto:1 AES_CM_128_HMAC_SHA1_80 ${key}`);
    const read = (...media: string[]): string => {
      const reading = readFarSdp(sdpOf(...media), ours);
      return reading.kind === 'unusable' ? reading.fault : reading.kind;
    };
    const secure = 'm=audio 5000 RTP/SAVP 0';
    assert.equal(read(secure, `a=crypto:1 AES_CM_128_HMAC_SHA1_80 ${key}`), 'audio');
    assert.equal(read(secure, `a=crypto:1 AES_CM_128_HMAC_SHA1_80 ${key}|2^31`), 'audio');
    assert.equal(read(secure, `a=crypto:1 AES_CM_128_HMAC_SHA1_32 ${key}`), 'SDP_NO_SRTP');
    assert.equal(read(secure), 'SDP_NO_SRTP');
    assert.equal(read('m=audio 5000 RTP/AVP 0'), 'SDP_NO_SRTP');
    assert.equal(read('m=audio 5000 UDP/TLS/RTP/SAVPF 0'), 'SDP_NO_SRTP');
    assert.equal(
      read('m=audio 5000 RTP/SAVP 18', `a=crypto:1 AES_CM_128_HMAC_SHA1_80 ${key}`),
      'SDP_NO_CODEC',
    );
  });

  it('is refused when it is long or has many lines, and never throws', () => {
    assert.equal(fault(sdpOf(`a=${'x'.repeat(20_000)}`)), 'SDP_UNREADABLE');
    assert.equal(fault(sdpOf(...Array<string>(600).fill('a=x'))), 'SDP_UNREADABLE');
    assert.equal(
      fault(sdpOf(...Array<string>(40).fill('m=audio 5000 RTP/AVP 0'))),
      'SDP_UNREADABLE',
    );
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom('m=audio', 'm=audio x RTP/AVP', 'a=rtpmap:', 'a=rtpmap:0', 'm=', 'c=IN'),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        fault(sdpOf(...lines));
        fault(lines.join('\n'));
      }),
    );
  });
});

describe('a description that we send for somebody else', () => {
  const before = sdpOf('m=audio 4000 RTP/AVP 0').replace('o=x 1 1', 'o=us 77 5');

  it('goes on as ours: our origin, the next version, and the rest as it is', () => {
    const theirs = sdpOf('m=audio 5000 RTP/AVP 8');
    assert.equal(inOurName(theirs, before), theirs.replace('o=x 1 1', 'o=us 77 6'));
  });

  it('is left alone when it is what we sent last, or ours cannot be read', () => {
    assert.equal(inOurName(before, before), before);
    assert.equal(inOurName(before, 'v=0'), before);
  });
});
