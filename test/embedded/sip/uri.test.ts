import assert from 'node:assert/strict';
import {
  addressUri,
  headerParam,
  parseSipUri,
  splitAddressList,
} from '../../../src/embedded/sip/uri.js';

describe('SIP URIs', () => {
  const readable: readonly (readonly [
    uri: string,
    host: string,
    port: number | undefined,
    user: string | undefined,
  ])[] = [
    ['sip:bob@192.0.2.1:5070;transport=udp', '192.0.2.1', 5070, 'bob'],
    ['sip:example.net', 'example.net', undefined, undefined],
    ['SIPS:a%20b:pw@Example.Net', 'Example.Net', undefined, 'a%20b:pw'],
    ['sip:+1555;phone-context=x@gw', 'gw', undefined, '+1555;phone-context=x'],
    ['sip:bob@[2001:db8::1]:5061', '2001:db8::1', 5061, 'bob'],
    ['sip:bob@x?Subject=hi', 'x', undefined, 'bob'],
  ];
  for (const [uri, host, port, user] of readable) {
    it(`reads ${uri}`, () => {
      const parsed = parseSipUri(uri);
      assert.deepEqual([parsed?.host, parsed?.port, parsed?.user], [host, port, user]);
    });
  }

  for (const uri of [
    'tel:+1555',
    'sip:',
    'sip:a@b:99999',
    'sip:a@b:0',
    'sip:a b@c',
    'http://x',
    '*',
  ]) {
    it(`has no reading of ${uri}`, () => assert.equal(parseSipUri(uri), undefined));
  }

  it('has parameters by lower-case name', () => {
    const params = parseSipUri('sip:a@b;LR;Transport=TCP')?.params;
    assert.deepEqual(
      [...(params ?? [])],
      [
        ['lr', ''],
        ['transport', 'TCP'],
      ],
    );
  });
});

describe('Address headers', () => {
  it('give their URI from brackets, past a quoted name that contains some', () => {
    assert.equal(addressUri('"A <sip:no@no>" <sip:yes@x;lr>;tag=1'), 'sip:yes@x;lr');
  });

  it('without brackets keep their parameters to themselves', () => {
    assert.equal(addressUri('sip:bob@x;tag=1'), 'sip:bob@x');
  });

  it('split at commas outside quotes and brackets', () => {
    assert.deepEqual(splitAddressList(['"a, b" <sip:a,b@x>, <sip:c>', 'sip:d']), [
      '"a, b" <sip:a,b@x>',
      '<sip:c>',
      'sip:d',
    ]);
  });

  it('survive quotes and brackets that never end', () => {
    assert.deepEqual(splitAddressList(['"never, <ends']), ['"never, <ends']);
    assert.equal(addressUri('<sip:a@b'), 'sip:a@b');
    assert.equal(headerParam('<sip:a;tag=1', 'tag'), undefined);
  });
});
