import assert from 'node:assert/strict';
import { attributeOf } from '../../../src/plugin/scxml/document/xml.js';
import type { Dialect, ElementExtension } from '../../../src/plugin/scxml/extension.js';
import { makeBed } from './bed.js';

const NAMESPACES = ['urn:bell', 'www.example.com/bell'];

/** Rings: asks the host, and says which ring it was. */
const ring: ElementExtension = {
  namespaces: NAMESPACES,
  local: 'ring',
  compile(element, compiler) {
    const { at } = element;
    const requestId = attributeOf(element, 'requestid');
    const times = attributeOf(element, 'times') ?? '1';
    const payload = compiler.payload(element);
    return (context) => {
      const id = context.newId('ring');
      if (requestId !== undefined) context.assign(requestId, JSON.stringify(id), at);
      context.request(
        'ring',
        `{"id":"${id}","times":${context.evaluate(times, at)},"with":${context.payload(payload)}}`,
      );
      context.raise('rung', JSON.stringify(id));
    };
  },
};

const dialect: Dialect = {
  elements: [ring],
  isCode: (element, attribute) =>
    attribute === 'event' && /^'/.test(attributeOf(element, 'event') ?? ''),
  prelude: 'var _data = {};',
  functions: { shout: (_, [text]) => text?.toUpperCase() },
  dataLocation: (id) => `_data[${JSON.stringify(id)}]`,
};

describe('an extension', () => {
  for (const uri of NAMESPACES) {
    it(`brings elements, by their namespace ${uri}`, async () => {
      const bed = await makeBed({ dialect });
      const { requests, log } = await bed.run(
        `<datamodel><data id="n" expr="2"/></datamodel>
         <state id="a"><onentry><if cond="true"><b:ring xmlns:b="${uri}" requestid="_data.id" times="_data.n + 1"><param name="x" expr="'y'"/></b:ring></if></onentry>
         <transition event="rung"><log expr="_event.data === _data.id"/></transition></state>`,
      );
      assert.deepEqual(requests, [
        { sessionId: 's1', name: 'ring', data: '{"id":"ring.s1.1","times":3,"with":{"x":"y"}}' },
      ]);
      assert.deepEqual(log, ['true']);
    });
  }

  it('fails like any content: the block ends with an error', async () => {
    const bed = await makeBed({ dialect });
    const { requests, log } = await bed.run(
      `<state id="a"><onentry><b:ring xmlns:b="urn:bell" times="nothing"/><log expr="'not here'"/></onentry>
       <transition event="error.execution"><log expr="_event.name"/></transition></state>`,
    );
    assert.deepEqual([requests, log], [[], ['"error.execution"']]);
  });

  it('reads core attributes as code where it says so', async () => {
    const bed = await makeBed({ dialect });
    const { log } = await bed.run(
      `<state id="a"><onentry><send event="'one' + 1"/><send event="two"/></onentry>
       <transition event="*"><log expr="_event.name"/></transition></state>`,
    );
    assert.deepEqual(log, ['"one1"', '"two"']);
  });

  it('gives scripts functions, by JSON', async () => {
    const bed = await makeBed({ dialect });
    const { log } = await bed.run(
      `<state id="a"><onentry><log expr="shout({ a: 'b' }).A"/></onentry></state>`,
    );
    assert.deepEqual(log, ['"B"']);
  });

  it('is not there for documents that do not name its namespace', async () => {
    const bed = await makeBed({ dialect });
    const { ends } = await bed.run('<state id="a"><onentry><ring/></onentry></state>');
    assert.equal(ends[0]?.kind === 'refused' && ends[0].code, 'SCXML_UNKNOWN_ELEMENT');
  });
});
