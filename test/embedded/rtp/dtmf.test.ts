import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DtmfReceiver, DtmfSender, type DtmfDigit } from '../../../src/embedded/rtp/dtmf.js';

function event(key: number, isEnd: boolean, samples: number): Uint8Array {
  return Uint8Array.of(key, isEnd ? 0x80 | 10 : 10, samples >> 8, samples & 0xff);
}

describe('Telephone events', () => {
  it('report a key once, at its end, with its length, although the end comes three times', () => {
    const receiver = new DtmfReceiver();
    const heard: DtmfDigit[] = [];
    for (const samples of [160, 320, 480]) {
      assert.equal(receiver.accept(event(5, false, samples), 1000), undefined);
    }
    for (let i = 0; i < 3; i++) {
      const digit = receiver.accept(event(5, true, 960), 1000);
      if (digit) heard.push(digit);
    }
    assert.deepEqual(heard, [{ digit: '5', durationSamples: 960 }]);
  });

  it('tell two presses of the same key apart by their timestamps', () => {
    const receiver = new DtmfReceiver();
    assert.equal(receiver.accept(event(1, true, 800), 1000)?.digit, '1');
    assert.equal(receiver.accept(event(1, true, 800), 3000)?.digit, '1');
  });

  it('report a key whose end was lost: at the next key, or after 200 ms', () => {
    const receiver = new DtmfReceiver();
    receiver.accept(event(7, false, 320), 1000);
    assert.deepEqual(receiver.accept(event(8, false, 160), 3000), {
      digit: '7',
      durationSamples: 320,
    });
    const ticks = Array.from({ length: 12 }, () => receiver.tick());
    assert.deepEqual(
      ticks.filter((t) => t !== undefined),
      [{ digit: '8', durationSamples: 160 }],
    );
    assert.equal(
      ticks.findIndex((t) => t !== undefined),
      9,
    );
  });

  it('ignore short payloads and events that are no keys', () => {
    const receiver = new DtmfReceiver();
    assert.equal(receiver.accept(Uint8Array.of(5, 0x8a, 1), 1), undefined);
    assert.equal(receiver.accept(event(16, true, 800), 1), undefined); // flash hook
  });

  it('are sent with one timestamp, a growing length, three ends and a pause', () => {
    const sender = new DtmfSender(160);
    sender.enqueue('1x2', 100);
    const sent = Array.from({ length: 18 }, () => {
      const packet = sender.tick();
      return packet
        ? `${packet.payload[0]}${(packet.payload[1] ?? 0) & 0x80 ? 'E' : ' '}${packet.isFirst ? 'M' : ' '}` +
            `${(packet.payload[2] ?? 0) * 256 + (packet.payload[3] ?? 0)}@-${packet.startedTicksAgo}`
        : '-';
    });
    assert.deepEqual(sent.slice(0, 9), [
      ...['1 M160@-0', '1  320@-1', '1  480@-2', '1  640@-3'],
      ...['1E 800@-4', '1E 800@-5', '1E 800@-6', '-', '-'],
    ]);
    assert.equal(sent[9], '2 M160@-0');
    assert.equal(sender.isBusy, false);
  });

  it('arrive as they were sent, in any order of keys and lengths', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...'0123456789*#ABCD'), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 40, max: 400 }),
        (keys, durationMs) => {
          const sender = new DtmfSender(160);
          const receiver = new DtmfReceiver();
          const heard: string[] = [];
          sender.enqueue(keys.join(''), durationMs);
          for (let tick = 0; sender.isBusy; tick++) {
            const packet = sender.tick();
            const digit =
              packet && receiver.accept(packet.payload, (tick - packet.startedTicksAgo) * 160);
            if (digit) heard.push(digit.digit);
          }
          assert.deepEqual(heard, keys);
        },
      ),
    );
  });
});
