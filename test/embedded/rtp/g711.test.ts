import assert from 'node:assert/strict';
import { alaw, mulaw } from 'alawmulaw';
import { A_LAW, decodeG711, encodeG711, findLaw, MU_LAW } from '../../../src/embedded/rtp/g711.js';

const LAWS = [
  { law: MU_LAW, peer: mulaw, stepMax: 1024 },
  { law: A_LAW, peer: alaw, stepMax: 1024 },
];

describe('G.711', () => {
  for (const { law, peer, stepMax } of LAWS) {
    it(`${law.name} decodes all 256 codes as an independent implementation does`, () => {
      const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
      const pcm = new Int16Array(256);
      assert.equal(decodeG711(law, codes, pcm), 256);
      assert.deepEqual([...pcm], [...peer.decode(codes)]);
    });

    it(`${law.name} encodes what it decodes to the same value again`, () => {
      for (let code = 0; code < 256; code++) {
        const sample = law.decodeTable[code] ?? 0;
        const again = law.encodeTable[sample & 0xffff] ?? 0;
        assert.equal(law.decodeTable[again], sample, `code ${code}`);
      }
    });

    it(`${law.name} is never further off than half a step of its segment, as the independent one`, () => {
      const all = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
      const codes = new Uint8Array(all.length);
      encodeG711(law, all, codes);
      const theirs = peer.encode(all);
      let different = 0;
      all.forEach((sample, i) => {
        const ours = law.decodeTable[codes[i] ?? 0] ?? 0;
        const distance = Math.abs(ours - sample);
        assert.ok(distance <= Math.max(16, Math.min(stepMax, Math.abs(sample) / 16)), `${sample}`);
        if (codes[i] !== theirs[i]) different++;
      });
      assert.ok(different <= 700, `${different} codes differ at decision boundaries`);
    });

    it(`${law.name} has its silence code decode to (almost) nothing`, () => {
      assert.ok(Math.abs(law.decodeTable[law.silenceCode] ?? 99) <= 8);
      assert.equal(law.encodeTable[0], law.silenceCode);
    });
  }

  it('finds the two laws by payload type and nothing else', () => {
    assert.equal(findLaw(0), MU_LAW);
    assert.equal(findLaw(8), A_LAW);
    assert.equal(findLaw(13), undefined);
  });

  it('decodes no further than the room there is', () => {
    assert.equal(decodeG711(MU_LAW, new Uint8Array(200), new Int16Array(160)), 160);
  });
});
