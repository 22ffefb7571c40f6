import assert from 'node:assert/strict';
import { attachedHeaders } from '../../src/handoff/attached-data.js';

const base = { callbackId: 'cb-1', createdAtMs: 1_000_000, nowMs: 1_090_400, userData: {} };

describe('attachedHeaders', () => {
  it('sends the age in seconds and the moment of creation', () => {
    assert.deepEqual(attachedHeaders(base), {
      'X-GMS-Service-ID': 'cb-1',
      'X-RouterData70': '90',
      'X-GMS-Created-At': '1000',
    });
  });

  it('sends the priority and the user data as base64url JSON', () => {
    const headers = attachedHeaders({ ...base, priority: 5, userData: { topic: 'Prüfung' } });
    assert.equal(headers['X-GMS-URS-PRIORITY'], '5');
    const sent = Buffer.from(headers['X-GMS-User-Data'] ?? '', 'base64url').toString();
    assert.deepEqual(JSON.parse(sent), { topic: 'Prüfung' });
  });

  it('leaves out user data that no header can carry', () => {
    const headers = attachedHeaders({ ...base, userData: { big: 'x'.repeat(1000) } });
    assert.equal(headers['X-GMS-User-Data'], undefined);
  });
});
