import assert from 'node:assert/strict';
import { attachedHeaders } from '../../src/handoff/attached-data.js';

const base = {
  callbackId: 'cb-1',
  createdAtMs: 1_000_000,
  nowMs: 1_090_400,
  userData: {},
  attachUserData: 'single_json',
} as const;

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

  it('sends one header per key when asked to, and never one that is not a header name', () => {
    const userData = { topic: 'x', 'bad key\r\nX-Evil': 'y' };
    const headers = attachedHeaders({ ...base, userData, attachUserData: 'separate_keys' });
    assert.equal(Buffer.from(headers['X-GMS-UD-topic'] ?? '', 'base64url').toString(), 'x');
    assert.ok(Object.keys(headers).every((name) => /^[A-Za-z0-9-]+$/.test(name)));
  });

  it('sends the service id alone when that is what is stored', () => {
    const userData = { topic: 'x' };
    const headers = attachedHeaders({ ...base, userData, attachUserData: 'gms_storage_id' });
    assert.deepEqual(Object.keys(headers), [
      'X-GMS-Service-ID',
      'X-RouterData70',
      'X-GMS-Created-At',
    ]);
  });
});
