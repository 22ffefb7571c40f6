import assert from 'node:assert/strict';
import { deriveKeys, SrtpStream } from './srtp.js';

/** RFC 3711 appendix B.3. */
const MASTER = Buffer.from('e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6', 'hex');

describe('The tests’ own SRTP', () => {
  it('derives the keys of RFC 3711 B.3', () => {
    const { cipher, salt, authentication } = deriveKeys(MASTER);
    assert.equal(cipher.toString('hex'), 'c61e7a93744f39ee10734afe3ff7a087');
    assert.equal(salt.toString('hex'), '30cbbc08863d8c85d49db34a9ae1');
    assert.equal(authentication.toString('hex'), 'cebe321f6ff7716b6fd4ab49af256a156d38baa4');
  });

  it('reads what it wrote, and nothing that was changed or has another key', () => {
    const packet = Buffer.from(`8000ffff${'00'.repeat(8)}${'ab'.repeat(160)}`, 'hex');
    const sent = new SrtpStream(MASTER).protect(packet);
    assert.notDeepEqual(sent.subarray(12, -10), packet.subarray(12));
    assert.deepEqual(new SrtpStream(MASTER).unprotect(sent), packet);
    const changed = Buffer.from(sent);
    changed[20]! ^= 1;
    const reader = new SrtpStream(MASTER);
    assert.equal(reader.unprotect(changed), undefined);
    assert.equal(new SrtpStream(Buffer.alloc(30)).unprotect(sent), undefined);
    assert.equal(reader.refused, 1);
  });
});
