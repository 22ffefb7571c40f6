import assert from 'node:assert/strict';
import { ORCHESTRATION } from '../../../../src/plugin/scxml/orchestration/dialect.js';
import { makeBed, scxml, type BedOptions } from '../bed.js';

/** Starts the page until its data model was made ahead, and tells what it said each time. */
async function saidEachTime(
  body: string,
  params?: Readonly<Record<string, string>>,
  options: BedOptions = {},
): Promise<readonly string[]> {
  const bed = await makeBed({ spareEngines: 1, ...options });
  const said: string[] = [];
  for (let time = 0; time < 4; time++) {
    const { log, session } = await bed.run(body, params);
    said.push(log.join(' '));
    session.terminate();
    await bed.clock.advance(100);
  }
  return said;
}

const ERRORS =
  '<transition event="error.*"><log label="error" expr="_event.data.description.replace(/.*?: /, \'\')"/></transition>';
const says = (expr: string) =>
  `<state id="s"><onentry><log expr="${expr}"/></onentry>${ERRORS}</state>`;

describe('a page that is known', () => {
  const cases: readonly (readonly [what: string, body: string, said: string])[] = [
    [
      'literals, and data computed from them',
      `<datamodel><data id="a" expr="1"/><data id="b" expr="[a]"/><data id="c" expr="'x'"/></datamodel>${says('[a, b, c]')}`,
      '[1,[1],"x"]',
    ],
    [
      'data that are read before they have their value',
      `<datamodel><data id="a" expr="typeof b"/><data id="b" expr="1"/></datamodel>${says('[a, b]')}`,
      '["undefined",1]',
    ],
    [
      'late binding',
      `<scxml binding="late"><datamodel><data id="a" expr="1"/></datamodel>
       <state id="s"><datamodel><data id="b" expr="2"/></datamodel>
       <onentry><log expr="[a, b]"/></onentry></state><script>var seen = [a, b];</script></scxml>`,
      '[1,2]',
    ],
    [
      'lists and objects of its own',
      `<datamodel><data id="a" expr="[]"/><data id="b" expr="{}"/></datamodel>
       <script>a.push(1); b.x = (b.x || 0) + 1;</script>${says('[a, b]')}`,
      '[[1],{"x":1}]',
    ],
    [
      'data that may not be had',
      `<datamodel><data id="a" expr="1"/><data id="undefined" expr="2"/><data id="b" expr="3"/></datamodel>${says('[a, b]')}`,
      '[1,3] error="TypeError: \'undefined\' is read-only"',
    ],
    [
      'data with the name of a system variable',
      `<datamodel><data id="_name" expr="1"/></datamodel>${says('_name')}`,
      '"" error="\\"_name\\" belongs to the platform"',
    ],
    [
      'scripts with names of every kind',
      `<script>var a = typeof b; let c = 1; const d = 2; class E {} function f() { return this === globalThis; }</script>
       <script>var b = [a, c, d, typeof E, f()]; c++;</script>${says('[b, c]')}`,
      '[["undefined",1,2,"function",true],2]',
    ],
    [
      'a script that fails half way',
      `<script>var a = 1; nobody(); a = 2;</script>${says('a')}`,
      '1 error="ReferenceError: \'nobody\' is not defined"',
    ],
    [
      'a script that is none',
      `<script>var a = ;</script>${says('typeof a')}`,
      '"undefined" error="SyntaxError: unexpected token in expression: \';\'"',
    ],
    [
      'one script twice',
      `<script>var n = (globalThis.n || 0) + 1;</script><script>var n = (globalThis.n || 0) + 1;</script>${says('n')}`,
      '2',
    ],
    [
      'who it is',
      `<scxml name="page">${says("[_name, _sessionid.slice(0, 1), _ioprocessors.scxml.location === '#_scxml_' + _sessionid, typeof _event, _x]")}</scxml>`,
      '["page","s",true,"undefined",{}]',
    ],
  ];
  for (const [what, body, said] of cases)
    it(`starts the third time as the first: ${what}`, async () => {
      assert.deepEqual(await saidEachTime(body), [said, said, said, said]);
    });

  it('takes what it is given in the place of literals', async () => {
    const body = `<datamodel><data id="a" expr="1"/><data id="b" expr="2"/></datamodel>${says('[a, b]')}`;
    assert.deepEqual(new Set(await saidEachTime(body, { b: '"given"' })), new Set(['[1,"given"]']));
  });

  it('takes all it is given where the dialect has a place for it, before its data', async () => {
    const body = `<scxml profile="ecmascript"><datamodel><data id="a" expr="'own'"/><data id="b" expr="[c, a]"/></datamodel>
      ${says('_data')}</scxml>`;
    const said = await saidEachTime(body, { a: '"given"', c: '1' }, { dialect: ORCHESTRATION });
    assert.deepEqual(new Set(said), new Set(['{"a":"given","b":[1,"given"],"c":1}']));
  });

  it('goes on without parameters that cannot be read, and is told', async () => {
    const body = `<scxml profile="ecmascript">${says('typeof _data.a')}</scxml>`;
    for (const a of ['nothing', '{"\\u0000xml":'])
      for (const said of await saidEachTime(body, { a }, { dialect: ORCHESTRATION }))
        assert.match(said, /^"undefined" error="(SyntaxError|Unexpected)/);
  });

  it('is ended each time when its script runs for ever', async () => {
    const bed = await makeBed({ spareEngines: 1, limits: { scriptTicks: 20 } });
    for (let time = 0; time < 4; time++) {
      const { ends } = await bed.run('<script>var n = 0; for (;;) n++;</script><state id="a"/>');
      assert.equal(ends[0]?.kind === 'limit' && ends[0].code, 'SCXML_SCRIPT_TOO_LONG');
      await bed.clock.advance(100);
    }
  });

  it('is where it begins as soon as it is started, when nothing has to be fetched for it', async () => {
    const bed = await makeBed();
    const start = (file: string) =>
      bed.runtime.start({
        document: { kind: 'source', text: scxml('<state id="a"/>'), file },
        observer: {},
      });
    const first = start('a.scxml');
    assert.deepEqual(first.activeStates(), []);
    while (first.activeStates().length === 0) await bed.clock.advance(0);
    assert.deepEqual(start('a.scxml').activeStates(), ['a']);
    assert.deepEqual(start('b.scxml').activeStates(), [], 'it refers to other things from there');
  });

  it('runs a script once compiled as often as it is asked to', async () => {
    const bed = await makeBed({ spareEngines: 1 });
    const body = `<script>var n = 0;</script><state id="a"><onentry><script>n++;</script></onentry>
      <transition event="again" target="a"/><transition event="tell"><log expr="n"/></transition></state>`;
    for (let time = 0; time < 3; time++) {
      const { log, send } = await bed.run(body);
      for (const event of ['again', 'again', 'tell']) await send(event);
      assert.deepEqual(log, ['3']);
      await bed.clock.advance(100);
    }
  });
});
