import assert from 'node:assert/strict';
import { requestUriFor, selectTrunk } from '../../src/dial/trunk-selector.js';

import { testTrunk } from '../fakes/service-config.js';

const trunk = (uri: string, priority = 1) => ({ ...testTrunk(uri), priority });

describe('selectTrunk', () => {
  it('takes the lowest priority number, the first of equals, and none of none', () => {
    const trunks = [trunk('sip:b', 2), trunk('sip:a', 1), trunk('sip:c', 1)];
    assert.equal(selectTrunk(trunks)?.uri, 'sip:a');
    assert.equal(selectTrunk([]), undefined);
  });
});

describe('requestUriFor', () => {
  it('puts the number before the trunk and keeps port and parameters', () => {
    assert.equal(
      requestUriFor(trunk('sip:gw.example.net:5070;transport=tcp'), '+15550100'),
      'sip:+15550100@gw.example.net:5070;transport=tcp',
    );
    assert.equal(requestUriFor(trunk('sips:gw.example.net'), '0123'), 'sips:0123@gw.example.net');
  });

  for (const number of ['', '+', '1;ext=2', '1@evil.example', 'sip:1@x', '1\r\nX: y', '${1}']) {
    it(`refuses to dial ${JSON.stringify(number)}`, () => {
      assert.equal(requestUriFor(trunk('sip:gw.example.net'), number), undefined);
    });
  }
});
