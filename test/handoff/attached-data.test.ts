import assert from 'node:assert/strict';
import fc from 'fast-check';
import { inviteHeaders } from '../../src/adapters/telephony/sip-headers.js';
import {
  attachedHeaders,
  userDataLeftOut,
  userToUserText,
  type AttachedData,
  type AttachedFormat,
  type AttachedKey,
} from '../../src/handoff/attached-data.js';

const base: AttachedData = {
  callbackId: 'cb-1',
  createdAtMs: 1_000_000,
  nowMs: 1_090_400,
  userData: {},
  attachUserData: 'single_json',
};
const format: AttachedFormat = {
  headers: {
    GMS_ServiceID: 'X-GMS-Service-ID',
    GMS_CreatedAt: 'X-GMS-Created-At',
    GMS_URS_PRIORITY: 'X-GMS-URS-PRIORITY',
    RouterData70: 'X-RouterData70',
    GMS_UserData: 'X-GMS-User-Data',
  },
  userToUser: [],
  userToUserMaxBytes: 128,
};

describe('attachedHeaders', () => {
  it('sends the age in seconds and the moment of creation', () => {
    assert.deepEqual(attachedHeaders(base, format), {
      'X-GMS-Service-ID': 'cb-1',
      'X-RouterData70': '90',
      'X-GMS-Created-At': '1000',
    });
  });

  it('sends the priority and the user data as base64url JSON', () => {
    const headers = attachedHeaders(
      { ...base, priority: 5, userData: { topic: 'Prüfung' } },
      format,
    );
    assert.equal(headers['X-GMS-URS-PRIORITY'], '5');
    const sent = Buffer.from(headers['X-GMS-User-Data'] ?? '', 'base64url').toString();
    assert.deepEqual(JSON.parse(sent), { topic: 'Prüfung' });
  });

  it('sends each under the name that is configured, and nothing that has none', () => {
    const headers = attachedHeaders(
      { ...base, priority: 5, cpnDigits: '5551234' },
      { ...format, headers: { CPNDigits: 'X-Show', GMS_URS_PRIORITY: 'X-Prio' } },
    );
    assert.deepEqual(headers, { 'X-Show': '5551234', 'X-Prio': '5' });
  });

  it('leaves out user data that no header can carry', () => {
    const headers = attachedHeaders({ ...base, userData: { big: 'x'.repeat(1000) } }, format);
    assert.equal(headers['X-GMS-User-Data'], undefined);
  });

  it('sends one header per key when asked to, and never one that is not a header name', () => {
    const userData = { my_topic: 'x', 'bad key\r\nX-Evil': 'y' };
    const headers = attachedHeaders({ ...base, userData, attachUserData: 'separate_keys' }, format);
    const sent = headers['X-GMS-User-Data-my-topic'] ?? '';
    assert.equal(Buffer.from(sent, 'base64url').toString(), 'x');
    assert.ok(Object.keys(headers).every((name) => /^[A-Za-z0-9-]+$/.test(name)));
  });

  it('leaves out the keys alone that have no room, and says which', () => {
    const userData = { big: 'x'.repeat(1000), none: '', 'bad key': 'y', topic: 'x' };
    const data = { ...base, userData, attachUserData: 'separate_keys' } as const;
    const headers = attachedHeaders(data, format);
    assert.ok(headers['X-GMS-User-Data-topic'] !== undefined, 'behind one that is too large');
    assert.deepEqual(userDataLeftOut(data, format, headers), ['big', 'bad key']);
    const whole = { ...data, attachUserData: 'single_json' } as const;
    assert.deepEqual(userDataLeftOut(whole, format, {}), ['big', 'bad key', 'topic']);
    const stored = { ...data, attachUserData: 'gms_storage_id' } as const;
    assert.deepEqual(userDataLeftOut(stored, format, {}), []);
  });

  it('sends the service id alone when that is what is stored', () => {
    const userData = { topic: 'x' };
    const headers = attachedHeaders(
      { ...base, userData, attachUserData: 'gms_storage_id' },
      format,
    );
    assert.deepEqual(Object.keys(headers).sort(), [
      'X-GMS-Created-At',
      'X-GMS-Service-ID',
      'X-RouterData70',
    ]);
  });

  it('packs what User-to-User is to carry as JSON in hex, and leaves out what has no room', () => {
    const data = { ...base, userData: { topic: 'Prüfung', more: 'x'.repeat(200) } };
    const userToUser: AttachedKey[] = ['RouterData70', 'GMS_UserData'];
    const read = (userToUserMaxBytes: number) => {
      const headers = attachedHeaders(data, { ...format, userToUser, userToUserMaxBytes });
      const [hex = '', ...parameters] = (headers['User-to-User'] ?? '').split(';');
      assert.deepEqual(parameters, ['encoding=hex']);
      assert.equal(hex.slice(0, 2), '00', 'the protocol discriminator of Q.931');
      return JSON.parse(Buffer.from(hex.slice(2), 'hex').toString()) as unknown;
    };
    assert.deepEqual(read(512), { RouterData70: '90', GMS_UserData: data.userData });
    assert.deepEqual(read(128), { RouterData70: '90' });
    const tiny = attachedHeaders(data, { ...format, userToUser, userToUserMaxBytes: 16 });
    assert.equal(tiny['User-to-User'], undefined);
  });

  it('packs a text of a page the same way, or leaves it out whole', () => {
    assert.equal(
      userToUserText('order 7', { userToUserMaxBytes: 7 }),
      '006f726465722037;encoding=hex',
    );
    assert.equal(userToUserText('order 70', { userToUserMaxBytes: 7 }), undefined);
  });

  it('gives the SIP side nothing that it refuses, whatever a customer or plugin brought', () => {
    const nasty = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('a\r\nX-Evil: 1', '${api(x)}', '\u0000', '__proto__', 'ключ', ''),
      fc.string({ minLength: 1500, maxLength: 3000 }),
    );
    const keys: AttachedKey[] = ['GMS_UserData', 'CPNDigits', 'GMS_ServiceID', 'RouterData70'];
    fc.assert(
      fc.property(
        fc.dictionary(nasty, nasty, { maxKeys: 50 }),
        nasty,
        nasty,
        fc.constantFrom('single_json', 'separate_keys', 'gms_storage_id'),
        (userData, callbackId, cpnDigits, attachUserData) => {
          const headers = attachedHeaders(
            { ...base, callbackId, cpnDigits, userData, attachUserData },
            { ...format, userToUser: keys },
          );
          inviteHeaders({ uri: 'sip:a@h', callId: 'c', localSdp: '', headers });
          for (const [name, value] of Object.entries(headers)) {
            assert.match(name, /^[A-Za-z][A-Za-z0-9-]{0,63}$/);
            assert.match(value, /^[\x21-\x7e]{1,1024}$/);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
