import assert from 'node:assert/strict';
import fc from 'fast-check';
import { packets } from 'rtp.js';
import { parseRtp, writeRtpHeader } from '../../../src/embedded/rtp/packet.js';

const { RtpPacket } = packets;

describe('RTP packets', () => {
  it('are read by an independent implementation as they were written', () => {
    const bytes = Buffer.alloc(172, 0x55);
    const header = {
      payloadType: 8,
      isMarked: true,
      sequence: 65535,
      timestamp: 0xfffffff0,
      ssrc: 0xdeadbeef,
    };
    writeRtpHeader(bytes, header);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const packet = new RtpPacket(view);
    assert.equal(packet.getPayloadType(), 8);
    assert.equal(packet.getMarker(), true);
    assert.equal(packet.getSequenceNumber(), 65535);
    assert.equal(packet.getTimestamp(), 0xfffffff0);
    assert.equal(packet.getSsrc(), 0xdeadbeef);
    assert.equal(packet.getPayload().byteLength, 160);
  });

  it('with CSRC list, extension and padding are read as the independent implementation wrote them', () => {
    const packet = new RtpPacket();
    packet.setPayloadType(0);
    packet.setSequenceNumber(7);
    packet.setTimestamp(1234);
    packet.setSsrc(42);
    packet.setCsrcs([1, 2, 3]);
    packet.enableOneByteExtensions();
    packet.setExtension(1, new DataView(Uint8Array.of(9, 9, 9).buffer));
    packet.setPayload(new DataView(Uint8Array.of(1, 2, 3, 4, 5).buffer));
    packet.padTo4Bytes();
    const bytes = Buffer.alloc(packet.getByteLength());
    packet.serialize(bytes.buffer, bytes.byteOffset);
    const parsed = parseRtp(bytes);
    assert.ok(parsed);
    assert.deepEqual([...parsed.payload], [1, 2, 3, 4, 5]);
    assert.deepEqual(
      [parsed.payloadType, parsed.sequence, parsed.timestamp, parsed.ssrc],
      [0, 7, 1234, 42],
    );
  });

  it('are refused when they are too short, of another version, or their lengths lie', () => {
    const good = Buffer.alloc(172);
    good[0] = 0x80;
    assert.ok(parseRtp(good));
    const withFirst = (first: number, length = 172): Buffer => {
      const bytes = Buffer.from(good.subarray(0, length));
      bytes[0] = first;
      return bytes;
    };
    assert.equal(parseRtp(good.subarray(0, 11)), undefined);
    assert.equal(parseRtp(withFirst(0x00)), undefined); // STUN, version 0
    assert.equal(parseRtp(withFirst(0x8f, 40)), undefined); // 15 CSRCs do not fit
    assert.equal(parseRtp(withFirst(0xa0)), undefined); // padding of 0 bytes
    assert.equal(parseRtp(withFirst(0x90, 14)), undefined); // extension header cut off
  });

  it('never throw, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        parseRtp(Buffer.from(bytes));
      }),
    );
  });
});
