import assert from 'node:assert/strict';
import fc from 'fast-check';
import { StreamError, StreamReader } from '../../../src/embedded/sip/stream-reader.js';

const message = (body: string, header = `Content-Length: ${Buffer.byteLength(body)}`): string =>
  `OPTIONS sip:x SIP/2.0\r\nSubject: hello\r\n${header}\r\n\r\n${body}`;

/** What comes out when the stream arrives in pieces of that size. */
function read(stream: string, pieceBytes = Infinity): { messages: string[]; pings: number } {
  const reader = new StreamReader();
  const bytes = Buffer.from(stream);
  const messages: string[] = [];
  let pings = 0;
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const items = reader.push(bytes.subarray(at, Math.min(bytes.length, at + pieceBytes)));
    messages.push(...items.messages.map(String));
    pings += items.pings;
  }
  return { messages, pings };
}

describe('A SIP stream', () => {
  it('is cut into the same messages, however it arrives', () => {
    const texts = [message('one'), message(''), message('zwölf\r\n\r\nhalf'), message('x\n\ny')];
    for (const pieceBytes of [1, 2, 3, 7, 40, Infinity]) {
      assert.deepEqual(read(texts.join(''), pieceBytes).messages, texts, `${pieceBytes} at a time`);
    }
  });

  it('is cut the same at any place, with keep-alives in between', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 30, unit: 'grapheme' }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 0, max: 3 }),
        (bodies, pieceBytes, pings) => {
          // A body that begins with a line break is its own; the ones before the start line are not.
          const stream = bodies.map((body) => '\r\n\r\n'.repeat(pings) + message(body)).join('');
          const got = read(stream, pieceBytes);
          assert.deepEqual(
            got.messages,
            bodies.map((body) => message(body)),
          );
          assert.equal(got.pings, pings * bodies.length);
        },
      ),
    );
  });

  it('knows the length by its short name, folded, and in any case', () => {
    for (const header of ['l: 2', 'CONTENT-LENGTH :2', 'Content-Length:\r\n 2']) {
      assert.equal(read(message('ab', header) + message('')).messages.length, 2, header);
    }
  });

  it('counts keep-alives across pieces, but not the answers to ours', () => {
    assert.equal(read('\r\n\r\n\r\n\r\n', 3).pings, 2);
    assert.equal(read('\r\n').pings, 0);
    assert.equal(read(`\r\n${message('')}\r\n${message('')}`, 1).pings, 0);
  });

  for (const header of [
    'Subject: none',
    'Content-Length: -1',
    'Content-Length: 1e3',
    'Content-Length: 2\r\nContent-Length: 2',
    'Content-Length: 2\r\nl: 3',
    'Content-Length:',
    'Content-Length: 9999999999',
  ]) {
    it(`ends with "${header.replace('\r\n', ' / ')}"`, () => {
      assert.throws(() => read(message('ab', header)), { code: 'STREAM_CONTENT_LENGTH' });
    });
  }

  it('ends when a message is larger than a datagram could be, before it is kept', () => {
    assert.throws(() => read(message('', 'Content-Length: 65536')), { code: 'STREAM_TOO_LARGE' });
    const endless = `OPTIONS sip:x SIP/2.0\r\n${'X: y\r\n'.repeat(11_000)}`;
    assert.throws(() => read(endless, 1400), { code: 'STREAM_TOO_LARGE' });
    assert.throws(() => read('x'.repeat(70_000), 1400), StreamError);
  });

  it('holds nothing between messages', () => {
    const reader = new StreamReader();
    const large = Buffer.from(message('x'.repeat(60_000)));
    reader.push(large.subarray(0, 50_000));
    assert.equal(reader.isEmpty, false);
    reader.push(large.subarray(50_000));
    assert.equal(reader.isEmpty, true);
  });
});
