/** The torture messages of RFC 4475, one test each. */
import assert from 'node:assert/strict';
import { SipMessage, SipParseError, checkRoutable } from '../../src/embedded/sip/message.js';
import type { SipStack } from '../../src/embedded/sip/stack.js';
import { VirtualNetwork } from '../embedded/sip/virtual-network.js';
import { INVALID } from './torture-invalid.js';
import { VALID } from './torture-valid.js';
import type { TortureMessage } from './torture-message.js';

function read(bytes: Buffer): TortureMessage['expected'] {
  try {
    const message = SipMessage.parse(bytes);
    checkRoutable(message);
    const { method, status, body } = message;
    return { ...(method === undefined ? {} : { method }), ...(status ? { status } : {}), body };
  } catch (error) {
    if (error instanceof SipParseError) return { refused: error.code };
    throw error;
  }
}

describe('A torture message of RFC 4475', () => {
  it('is written for each of its 49', () => assert.equal(VALID.length + INVALID.length, 49));

  for (const { section, about, bytes, expected } of [...VALID, ...INVALID]) {
    const verb = 'refused' in expected ? 'is dropped' : 'is read';
    it(`${section} ${verb}: ${about}`, () => {
      const found = read(bytes);
      if ('refused' in expected) assert.deepEqual(found, expected);
      else assert.deepEqual(found, { body: '', ...expected });
    });
  }

  it('leaves an endpoint as it was, whichever it is', async () => {
    const network = new VirtualNetwork();
    const stack: SipStack = await network.endpoint('10.0.0.2');
    stack.onRequest = (_request, transaction) => transaction.respond(501);
    for (const { bytes } of [...VALID, ...INVALID]) network.inject('10.0.0.2:5060', bytes);
    network.clock.advance(64 * 500 + 1);
    assert.deepEqual(stack.stats(), { clientTransactions: 0, serverTransactions: 0, timers: 0 });
    assert.equal(
      stack.counters.malformed,
      INVALID.filter(({ expected }) => 'refused' in expected).length,
    );
  });

  it('that is refused is logged once, or counted in a line', async () => {
    const network = new VirtualNetwork();
    const counts: unknown[] = [];
    const stack = await network.endpoint('10.0.0.2', {
      onLog: (_level, message, fields) => {
        counts.push(message === 'further input refused' ? fields?.['count'] : 1);
      },
    });
    const refused = INVALID.filter(({ expected }) => 'refused' in expected);
    for (const { bytes } of refused) network.inject('10.0.0.2:5060', bytes);
    network.clock.advance(1000);
    assert.deepEqual(counts, [1, 1, 1, 1, 1, refused.length - 5]);
    await stack.stop();
  });

  it('with a bare magic cookie is not taken for the one before it', async () => {
    const network = new VirtualNetwork();
    const stack = await network.endpoint('10.0.0.2');
    let offered = 0;
    stack.onRequest = (_request, transaction) => {
      offered++;
      transaction.respond(200);
    };
    const message = VALID.find(({ section }) => section.endsWith('badbranch'))?.bytes.toString();
    for (const callId of ['one', 'two']) {
      network.inject('10.0.0.2:5060', message?.replace('torture@', `${callId}@`) ?? '');
    }
    assert.equal(offered, 2);
    await stack.stop();
  });
});
