import assert from 'node:assert/strict';
import { SipMessage } from '../../../src/embedded/sip/message.js';
import { markSource } from '../../../src/embedded/sip/via.js';

const SOURCE = { host: '198.51.100.7', port: 40_000 };

/** The Via after reception and where the response goes. */
function receive(via: string): [via: string | undefined, to: string] {
  const request = SipMessage.request('OPTIONS', 'sip:a').add('Via', via);
  const to = markSource(request, SOURCE);
  return [request.get('Via'), `${to.host}:${to.port}`];
}

describe('The topmost Via of a request', () => {
  it('gets received and rport, and the response goes to the source port, if rport is asked for', () => {
    assert.deepEqual(receive('SIP/2.0/UDP 10.0.0.1:5062;rport;branch=x'), [
      'SIP/2.0/UDP 10.0.0.1:5062;rport=40000;branch=x;received=198.51.100.7',
      '198.51.100.7:40000',
    ]);
  });

  it('without rport sends the response to the port that the sender names', () => {
    assert.deepEqual(receive('SIP/2.0/UDP 10.0.0.1:5062;branch=x'), [
      'SIP/2.0/UDP 10.0.0.1:5062;branch=x;received=198.51.100.7',
      '198.51.100.7:5062',
    ]);
  });

  it('stays as it is when it tells the truth', () => {
    const via = 'SIP/2.0/UDP 198.51.100.7;branch=x';
    assert.deepEqual(receive(via), [via, '198.51.100.7:5060']);
  });

  it('does not believe a received that the sender put in', () => {
    const [via] = receive('SIP/2.0/UDP 10.0.0.1;received=203.0.113.1;branch=x');
    assert.equal(via, 'SIP/2.0/UDP 10.0.0.1;branch=x;received=198.51.100.7');
  });

  it('leaves further values of the same header alone', () => {
    const [via] = receive('SIP/2.0/UDP a;branch=1, SIP/2.0/UDP b;branch=2');
    assert.equal(via, 'SIP/2.0/UDP a;branch=1;received=198.51.100.7, SIP/2.0/UDP b;branch=2');
  });
});
