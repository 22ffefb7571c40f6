import assert from 'node:assert/strict';
import { describeSdp, WireWatch } from '../../../src/adapters/telephony/wire-watch.js';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import type { WireMessage } from '../../../src/report/trail.js';

const SDP = 'v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n';
const AUDIO = 'm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n';

const received = (message: string) =>
  `5f|sip|network|400|udp|192.0.2.9|5070|10:00:00.1|txn|dialog|\r\n${message}`;
const echoed = (message: string) =>
  `5f|response|our-id|OK|application|400|udp|127.0.0.1|5060|10:00:00.1|txn|Msg sent:|\r\n${message}`;
const sip = (first: string, callId: string, more = '', body = '') =>
  `${first}\r\nCall-ID: ${callId}\r\nCSeq: 7 INVITE\r\n${more}\r\n${body}`;

function setUp() {
  const clock = virtualClock();
  const watch = new WireWatch(clock);
  const seen: WireMessage[] = [];
  const stop = watch.watch('call-1', (message) => seen.push(message));
  return { clock, watch, seen, stop };
}

describe('WireWatch', () => {
  it('tells what was sent and received for a watched call, with the place a message came from', () => {
    const { clock, watch, seen } = setUp();
    watch.frame(echoed(sip('INVITE sip:1@h SIP/2.0', 'call-1', '', SDP + AUDIO)));
    watch.frame(received(sip('SIP/2.0 486 Busy Here', 'call-1', 'Reason: Q.850;cause=17\r\n')));
    const atMs = clock.nowMs();
    assert.deepEqual(seen, [
      {
        atMs,
        direction: '->',
        message: 'INVITE',
        cseq: '7 INVITE',
        detail: 'audio 192.0.2.9:4000 PCMU telephone-event sendonly',
      },
      {
        atMs,
        direction: '<-',
        message: '486 Busy Here',
        cseq: '7 INVITE',
        peer: 'udp/192.0.2.9:5070',
        detail: 'Q.850;cause=17',
      },
    ]);
  });

  it('counts a BYE that the server sends by itself as sent', () => {
    const { watch, seen } = setUp();
    const bye = sip('BYE sip:1@h SIP/2.0', 'call-1');
    watch.frame(`5f|sip|application|90|udp|127.0.0.1|5060|10:00|unsolicited|d|\r\n${bye}`);
    assert.equal(seen[0]?.direction, '->');
    assert.equal(seen[0]?.message, 'BYE');
  });

  it('is deaf to other calls, to other frames, and after the end', () => {
    const { watch, seen, stop } = setUp();
    watch.frame(received(sip('SIP/2.0 200 OK', 'call-2')));
    watch.frame('5f|response|our-id|NOK|unable to find dialog');
    watch.frame('5f|response|our-id|OK|udp/127.0.0.1:5060|v0.9.10|');
    watch.frame('');
    stop();
    watch.frame(received(sip('SIP/2.0 200 OK', 'call-1')));
    assert.deepEqual(seen, []);
    assert.equal(watch.count, 0);
  });

  it('takes what a hostile far end writes as text, and not too much of it', () => {
    const { watch, seen } = setUp();
    const reason = `Reason: ${'x'.repeat(5000)}\u001b[2J\r\n`;
    watch.frame(received(sip(`SIP/2.0 200 ${'y'.repeat(900)}\u0007`, 'call-1', reason)));
    assert.equal(seen.length, 1);
    assert.ok((seen[0]?.message.length ?? 0) <= 80);
    assert.ok((seen[0]?.detail?.length ?? 0) <= 160);
    assert.doesNotMatch(JSON.stringify(seen), /\\u00(07|1b)/);
  });
});

describe('describeSdp', () => {
  it('names every media line, the profile when it is not plain RTP, and the direction', () => {
    const fax = 'm=image 5000 udptl t38\r\n';
    const secure = 'm=audio 4002 RTP/SAVP 8\r\na=rtpmap:8 PCMA/8000\r\n';
    assert.equal(
      describeSdp(SDP + secure + fax),
      'audio 192.0.2.9:4002 RTP/SAVP PCMA, image 192.0.2.9:5000 udptl t38',
    );
  });

  it('says nothing of what is no session description', () => {
    assert.equal(describeSdp('hello'), '');
    assert.equal(describeSdp(''), '');
  });
});
