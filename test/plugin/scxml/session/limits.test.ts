import assert from 'node:assert/strict';
import { ORCHESTRATION } from '../../../../src/plugin/scxml/orchestration/dialect.js';
import { makeBed, scxml, type Bed, type BedOptions } from '../bed.js';

const waiting = '<state id="wait"><transition event="go" target="done"/></state><final id="done"/>';

async function endOf(body: string, options: BedOptions = {}): Promise<{ code: string; bed: Bed }> {
  const limits = { scriptTicks: 1000, ...options.limits };
  const bed = await makeBed({ ...options, limits });
  const other = await bed.run(waiting);
  const { ends } = await bed.run(body);
  await bed.clock.advance(10);
  const [end, ...more] = ends;
  assert.deepEqual(more, [], 'a session ends once');
  assert.ok(end, 'the session went on');
  await other.send('go');
  assert.deepEqual(other.ends, [{ kind: 'final', state: 'done', data: undefined }]);
  assert.equal(bed.runtime.sessions, 0);
  assert.equal(bed.clock.pendingCount, 0, 'timers are left');
  return { code: 'code' in end ? end.code : end.kind, bed };
}

const DIALOG = 'xmlns:d="http://www.genesyslab.com/modules/dialog"';

const onEntry = (content: string): string =>
  `<state id="s"><onentry>${content}</onentry><onexit><log expr="'left'"/></onexit></state>`;

describe('a session over its limits ends with a code of its own, and its neighbour notices nothing:', () => {
  const cases: readonly (readonly [string, string, string, BedOptions?])[] = [
    ['a script that loops', onEntry('<script>for (;;) {}</script>'), 'SCXML_SCRIPT_TOO_LONG'],
    [
      'a condition that loops',
      '<state id="s"><transition cond="(function(){for(;;){}})()" target="s"/></state>',
      'SCXML_SCRIPT_TOO_LONG',
    ],
    [
      'a regular expression that backtracks',
      onEntry(`<script>/^(a+)+$/.test('${'a'.repeat(60)}!')</script>`),
      'SCXML_SCRIPT_TOO_LONG',
    ],
    [
      'a script that catches what it can',
      onEntry('<script>for (;;) { try { for (;;) {} } catch (e) {} }</script>'),
      'SCXML_SCRIPT_TOO_LONG',
    ],
    [
      'an array without end',
      onEntry('<script>var a = []; for (;;) a.push({ a: a.length, b: [1, 2, 3] });</script>'),
      'SCXML_OUT_OF_MEMORY',
    ],
    [
      'an error whose message loops',
      onEntry(
        '<script>var e = new Error(); Object.defineProperty(e, "message", { get: function () { for (;;) {} } }); throw e;</script>',
      ),
      'SCXML_SCRIPT_TOO_LONG',
    ],
    [
      'a comparison that loops',
      onEntry('<script>[1, 2].sort(function () { for (;;) {} });</script>'),
      'SCXML_SCRIPT_TOO_LONG',
    ],
    ['one huge string', onEntry('<script>"x".repeat(1000000000)</script>'), 'SCXML_OUT_OF_MEMORY'],
    [
      'JSON nested without end',
      onEntry('<script>JSON.parse("[".repeat(200000) + "]".repeat(200000))</script>'),
      'SCXML_OUT_OF_MEMORY',
    ],
    [
      'code nested without end',
      onEntry('<script>eval("(".repeat(200000))</script>'),
      'SCXML_OUT_OF_MEMORY',
    ],
    [
      'eventless transitions',
      '<state id="a"><transition target="b"/></state><state id="b"><transition target="a"/></state>',
      'SCXML_EVENTLESS_LOOP',
    ],
    [
      'internal events',
      '<state id="a"><onentry><raise event="x"/></onentry><transition event="x" target="a"/></state>',
      'SCXML_INTERNAL_EVENT_LOOP',
    ],
    [
      'events to itself',
      '<state id="a"><onentry><send event="x"/></onentry><transition event="x" target="a"/></state>',
      'SCXML_EXTERNAL_EVENT_LOOP',
    ],
    [
      'error after error',
      '<state id="a"><onentry><log expr="nothing"/></onentry><transition event="error" target="a"/></state>',
      'SCXML_INTERNAL_EVENT_LOOP',
    ],
    [
      'a flood of internal events',
      onEntry('<foreach array="new Array(2000).fill(0)" item="i"><raise event="x"/></foreach>'),
      'SCXML_QUEUE_FULL',
    ],
    [
      'a flood of events to itself',
      onEntry('<foreach array="new Array(2000).fill(0)" item="i"><send event="x"/></foreach>'),
      'SCXML_QUEUE_FULL',
    ],
    [
      'a flood of timers',
      onEntry(
        `<foreach array="new Array(2000).fill(0)" item="i"><send event="x" delay="9s"/></foreach>`,
      ),
      'SCXML_TOO_MANY_TIMERS',
    ],
    [
      'a foreach without end',
      onEntry(
        '<foreach array="new Array(99999).fill(0)" item="i"><if cond="false"/><if cond="false"/></foreach>',
      ),
      'SCXML_TOO_MANY_ACTIONS',
      { limits: { scriptTicks: 1e9 } },
    ],
    [
      'fetches without end',
      '<state id="a"><onentry><send event="error.communication"/></onentry><invoke src="nowhere"/><transition event="error.communication" target="a"/></state>',
      'SCXML_TOO_MANY_FETCHES',
    ],
    [
      'requests without end',
      onEntry(`<foreach array="new Array(2000).fill(0)" item="i"><d:play ${DIALOG}/></foreach>`),
      'SCXML_TOO_MANY_REQUESTS',
      { dialect: ORCHESTRATION },
    ],
    [
      'attached data without end, whatever the script catches',
      onEntry(
        `<script>for (var i = 0; i !== 300; i++) try { _genesys.ixn.setuData({ i: i }); } catch (e) {}</script><if cond="false"><d:play ${DIALOG}/></if>`,
      ),
      'SCXML_TOO_MANY_REQUESTS',
      { dialect: ORCHESTRATION },
    ],
    [
      'a few requests of many characters',
      onEntry(
        `<script>for (var i = 0; i !== 5; i++) _genesys.ixn.setuData({ i: 'x'.repeat(60000) });</script><if cond="false"><d:play ${DIALOG}/></if>`,
      ),
      'SCXML_TOO_MANY_REQUESTS',
      { dialect: ORCHESTRATION },
    ],
    [
      'a bomb in onexit',
      '<state id="s"><onexit><script>for (;;) {}</script></onexit><transition target="f"/></state><final id="f"/>',
      'SCXML_SCRIPT_TOO_LONG',
    ],
  ];
  for (const [what, body, code, options] of cases) {
    it(`${what}: ${code}`, async () => {
      assert.equal((await endOf(body, options)).code, code);
    });
  }

  it('a document that invokes itself: SCXML_TOO_MANY_INVOKES', async () => {
    const self = scxml('<state id="s"><invoke src="self.scxml"/></state>');
    const { code, bed } = await endOf(self, { files: { 'self.scxml': self } });
    assert.equal(code, 'SCXML_TOO_MANY_INVOKES');
    assert.equal(bed.fetched.length, 9);
  });

  it('a parent and its child that play ping-pong: SCXML_EXTERNAL_EVENT_LOOP', async () => {
    const child =
      '<scxml><state id="c"><onentry><send event="pong" target="#_parent"/></onentry><transition event="ping" target="c"/></state></scxml>';
    const { code } = await endOf(
      `<state id="p"><invoke id="c"><content>${child}</content></invoke>
       <transition event="pong"><send event="ping" target="#_c"/></transition></state>`,
    );
    assert.equal(code, 'SCXML_EXTERNAL_EVENT_LOOP');
  });

  it('a request every 10 ms: SCXML_TOO_MANY_REQUESTS; every 100 ms it may go on for ever', async () => {
    const asking = (every: string): string =>
      `<state id="a"><onentry><d:play ${DIALOG}/><send event="'again'" delay="'${every}'"/></onentry><transition event="again" target="a"/></state>`;
    const bed = await makeBed({ dialect: ORCHESTRATION });
    const [fast, slow] = [await bed.run(asking('10ms')), await bed.run(asking('100ms'))];
    await bed.clock.advance(60_000);
    const [end] = fast.ends;
    assert.equal(end?.kind === 'limit' && end.code, 'SCXML_TOO_MANY_REQUESTS');
    assert.deepEqual(slow.ends, []);
    assert.ok(slow.requests.length > 500);
  });

  for (const [what, content, inside] of [
    ['scripts', '<script>for (var i = 0; i !== 300000; i++);</script>', ''],
    [
      'steps',
      '<assign location="n" expr="0"/>',
      `<state id="x"><transition cond="++n !== 100" target="y"/></state>
       <state id="y"><transition cond="++n !== 100" target="x"/></state>`,
    ],
  ] as const) {
    it(`${what}, a little in every millisecond: SCXML_TOO_BUSY; in every second they may go on for ever`, async () => {
      const busy = (every: string): string =>
        `<datamodel><data id="n" expr="0"/></datamodel><state id="a"><onentry>${content}<send event="again" delay="${every}"/></onentry>
         ${inside}<transition event="again" target="a"/></state>`;
      const bed = await makeBed({ limits: { work: 200, workPerSecond: 100 } });
      const [often, seldom] = [await bed.run(busy('1ms')), await bed.run(busy('1s'))];
      await bed.clock.advance(5000);
      const [end] = often.ends;
      assert.equal(end?.kind === 'limit' && end.code, 'SCXML_TOO_BUSY');
      assert.deepEqual(seldom.ends, []);
    });
  }

  it('more sessions than there is room for: SCXML_TOO_MANY_SESSIONS, and the next fits again', async () => {
    const bed = await makeBed({ maxSessions: 2 });
    const [first] = [await bed.run(waiting), await bed.run(waiting)];
    const refused = await bed.run(waiting);
    assert.equal(
      refused.ends[0]?.kind === 'limit' && refused.ends[0].code,
      'SCXML_TOO_MANY_SESSIONS',
    );
    await first.send('go');
    assert.deepEqual((await bed.run(waiting)).ends, []);
  });

  it('replaces the engine a script broke, and goes on starting sessions', async function () {
    // Five times over: what it takes depends on the machine, and is not what is asked here.
    this.timeout(60_000);
    const bed = await makeBed({ limits: { scriptMemoryBytes: 2 * 1024 * 1024 } });
    for (let i = 0; i < 5; i++) {
      const bomb = await bed.run(
        onEntry('<script>var a = []; for (;;) a.push({ a: [1, 2, 3] });</script>'),
      );
      const [end] = bomb.ends;
      assert.equal(end?.kind === 'limit' && end.code, 'SCXML_OUT_OF_MEMORY');
    }
    await bed.clock.advance(0);
    assert.equal(bed.runtime.retiredEngines, 5);
    const fine = await bed.run(waiting);
    await fine.send('go');
    assert.equal(fine.ends[0]?.kind, 'final');
  });
});

describe('what is bounded without ending the session', () => {
  it('a value too long to leave the data model is an error of the document', async () => {
    const bed = await makeBed();
    const { log } = await bed.run(
      `<state id="s"><onentry><log expr="new Array(70000).join('x')"/></onentry>
       <transition event="error.execution"><log expr="_event.data.description.indexOf('allowed') > 0"/></transition></state>`,
    );
    assert.deepEqual(log, ['true']);
  });

  it('a string that doubles for ever is an error of the document', async () => {
    const bed = await makeBed();
    const { log } = await bed.run(
      `<state id="s"><onentry><script>var s = 'x'; for (;;) s += s;</script></onentry>
       <transition event="error.execution"><log expr="_event.name"/></transition></state>`,
    );
    assert.deepEqual(log, ['"error.execution"']);
  });

  // Each would loop in C for hours, with nobody asking whether time is up.
  for (const [what, script] of [
    ['a sparse array, searched', 'var a = []; a[1234567890] = 1; a.indexOf(2)'],
    ['a sparse array, walked', 'var a = []; a[1234567890] = 1; a.forEach(function () {})'],
    ['a sparse array in another', 'var a = []; a.length = 4e9; [a].flat()'],
    ['a sparse array, appended', 'var a = []; a.length = 4e9; [].concat(a)'],
    ['a list that is none', 'Array.prototype.join.call({ length: 9e15 }, "")'],
    [
      'a length that lies',
      'var n = 0; [].includes.call({ get length() { return n++ ? 9e15 : 1; } }, 1)',
    ],
    [
      'a length that lies behind what the page has changed',
      'Object.prototype.value = 1; RegExp.prototype.test = function () { return true; }; var n = 0; [].includes.call({ get length() { return n++ ? 9e15 : 1; } }, 1)',
    ],
    [
      'a proxy that lies',
      'var n = 0; [].indexOf.call(new Proxy([], { get: function () { return n++ ? 9e15 : 1; } }), 1)',
    ],
    ['a template that is none', 'String.raw({ raw: { length: 9e15 } })'],
    ['a long text in a longer one', '"a".repeat(4e6).indexOf("a".repeat(2e6) + "b")'],
    [
      'a long text in disguise',
      '"a".repeat(4e6).split({ toString: function () { return "a".repeat(2e6) + "b"; } })',
    ],
    ['a long text, replaced', '"a".repeat(4e6).replace("a".repeat(2e6) + "b", "")'],
  ] as const) {
    it(`${what} is an error of the document`, async () => {
      const bed = await makeBed();
      const { log, ends } = await bed.run(
        `<state id="s"><onentry><script>${script}</script></onentry>
         <transition event="error.execution"><log expr="_event.data.description.split('Error')[0]"/></transition></state>`,
      );
      assert.equal(log.length, 1);
      assert.match(String(log[0]), /(Range|Type)$|(Range|Type)"$/);
      assert.deepEqual(ends, []);
    });
  }

  it('a list that the library itself walks through is left when time is up', async () => {
    const bed = await makeBed({ limits: { scriptTicks: 20 } });
    const { ends } = await bed.run(
      '<script>var a = []; a.length = 4e9; new Set(a);</script><state id="s"/>',
    );
    assert.equal(ends[0]?.kind === 'limit' && ends[0].code, 'SCXML_SCRIPT_TOO_LONG');
  });

  it('lists and texts work as ever within that', async () => {
    const bed = await makeBed();
    const { log } = await bed.run(
      `<state id="s"><onentry><script><![CDATA[
         function args() { return Array.prototype.slice.call(arguments, 1); }
         var out = [
           [3, 1, 2].sort().join('-'), [1, [2, [3, , 4]]].flat(Infinity), [1, 2].flatMap(function (x) { return [x, [x]]; }),
           args(1, 2, 3), [1].concat([2], 3), [, 1].map(function (x) { return x + 1; }).length, [1, 2, 3].reduce(function (a, b) { return a + b; }),
           'abcabc'.replace('b', '[$&]'), 'abcabc'.replaceAll(/b/g, 'x'), 'a,b,,c'.split(','), 'a1b2'.split(/[0-9]/, 1), 'abc'.split(), 'abc'.split(''),
           'abcabc'.lastIndexOf('b', 3), 'abcabc'.lastIndexOf('b'), 'abc'.includes('c', 1), 'undefined'.indexOf(), Array.prototype.indexOf.call('abc', 'c'),
           new Proxy({ a: 1 }, {}).a, 'abc'.replace('b', function (m, at) { return m + at; }),
           'a|b'.split({ [Symbol.split]: function (t) { return t + '!'; } }), [[1, 2], [3]].toString(), [3, 1].toSorted(), 'x'.split('x', 0),
           String.raw({ raw: ['a', 'b'] }, 1), [...[5, 6].entries()].join(), (function () { var [a, ...b] = [1, 2]; return [a, b]; })(), [...new Set([1, 1])]
         ];
       ]]></script><log expr="out"/></onentry></state>`,
    );
    assert.deepEqual(JSON.parse(String(log[0])), [
      ...['1-2-3', [1, 2, 3, 4], [1, [1], 2, [2]], [2, 3], [1, 2, 3], 2, 6],
      ...['a[b]cabc', 'axcaxc', ['a', 'b', '', 'c'], ['a'], ['abc'], ['a', 'b', 'c']],
      ...[1, 4, true, 0, 2, 1, 'ab1c', 'a|b!', '1,2,3', [1, 3], []],
      ...['a1b', '0,5,1,6', [1, [2]], [1]],
    ]);
  });

  it('a deep recursion is an error of the document', async () => {
    const bed = await makeBed();
    const { log, ends } = await bed.run(
      `<state id="s"><onentry><script>function f() { return f() + 1; } f();</script></onentry>
       <transition event="error.execution"><log expr="_event.name"/></transition></state>`,
    );
    assert.deepEqual([log, ends], [['"error.execution"'], []]);
  });

  it('log lines beyond their number are dropped, and the last one says so', async () => {
    const bed = await makeBed({ limits: { logLines: 3 } });
    const { log } = await bed.run(
      onEntry('<foreach array="[1,2,3,4,5]" item="i"><log expr="i"/></foreach>'),
    );
    assert.deepEqual(log, ['1', '2', 'log="further lines are dropped"']);
  });

  it('ends a session over its limit without running its onexit handlers', async () => {
    const bed = await makeBed();
    const { log, ends } = await bed.run(onEntry('<script>for (;;) {}</script>'));
    assert.equal(ends.length, 1);
    assert.deepEqual(log, []);
  });
});
