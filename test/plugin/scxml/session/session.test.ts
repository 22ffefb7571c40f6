import assert from 'node:assert/strict';
import fc from 'fast-check';
import { makeBed, type Bed } from '../bed.js';

let bed: Bed;
beforeEach(async () => {
  bed = await makeBed();
});

describe('a running document', () => {
  it('enters, moves on events and conditions, and ends with its data', async () => {
    const { session, send, ends } = await bed.run(
      `<datamodel><data id="limit" expr="2"/></datamodel>
       <state id="a"><transition event="go" cond="_event.data.n &gt;= limit" target="b"/></state>
       <final id="b"><donedata><param name="n" expr="_event.data.n"/></donedata></final>`,
    );
    await send('go', { n: 1 });
    assert.deepEqual(session.activeStates(), ['a']);
    await send('go', { n: 2 });
    assert.deepEqual(ends, [{ kind: 'final', state: 'b', data: '{"n":2}' }]);
    assert.equal(bed.runtime.sessions, 0);
  });

  it('starts with the values it is given, at the top only', async () => {
    const { log } = await bed.run(
      `<datamodel><data id="number" expr="'none'"/></datamodel>
       <state id="a"><datamodel><data id="inner" expr="'own'"/></datamodel>
       <onentry><log expr="[number.digits, inner]"/></onentry></state>`,
      { number: '{"digits":"4711"}', inner: '"given"', unknown: '1' },
    );
    assert.deepEqual(log, ['["4711","own"]']);
  });

  it('sends after its delay, by the clock, and not when cancelled', async () => {
    const { log } = await bed.run(
      `<state id="a"><onentry><send event="late" delay="1.5s"/><send event="never" id="x" delay="1s"/>
       <cancel sendid="x"/></onentry><transition event="*"><log expr="_event.name"/></transition></state>`,
    );
    await bed.clock.advance(1499);
    assert.deepEqual(log, []);
    await bed.clock.advance(1);
    assert.deepEqual(log, ['"late"']);
    await bed.clock.advance(10_000);
    assert.deepEqual(log, ['"late"']);
  });

  it('remembers with a deep history where it was', async () => {
    const { session, send } = await bed.run(
      `<state id="a"><history id="h" type="deep"><transition target="b"/></history>
         <state id="b"><state id="b1"><transition event="in" target="b2"/></state><state id="b2"/></state>
         <transition event="out" target="c"/></state>
       <state id="c"><transition event="back" target="h"/></state>`,
    );
    for (const event of ['in', 'out', 'back']) await send(event);
    assert.deepEqual(session.activeStates(), ['a', 'b', 'b2']);
  });

  it('is done with a parallel when all its regions are', async () => {
    const region = (n: number): string =>
      `<state id="r${n}"><state id="w${n}"><transition event="e${n}" target="f${n}"/></state><final id="f${n}"/></state>`;
    const { send, ends } = await bed.run(
      `<parallel id="p">${region(1)}${region(2)}<transition event="done.state.p" target="end"/></parallel><final id="end"/>`,
    );
    await send('e1');
    assert.deepEqual(ends, []);
    await send('e2');
    assert.equal(ends.length, 1);
  });

  it('runs onexit handlers when it is terminated, once', async () => {
    const { session, log, ends } = await bed.run(
      `<state id="a"><onexit><log expr="'out of a'"/></onexit><onentry><send event="x" delay="5s"/></onentry></state>`,
    );
    session.terminate();
    session.terminate();
    session.send({ name: 'late', type: 'external' });
    assert.deepEqual(log, ['"out of a"']);
    assert.deepEqual(ends, [{ kind: 'terminated' }]);
    assert.equal(bed.clock.pendingCount, 0);
  });

  it('can be terminated before it started', async () => {
    const ends: unknown[] = [];
    const session = bed.runtime.start({
      document: { kind: 'url', url: 'slow' },
      observer: { ended: (end) => ends.push(end) },
    });
    session.terminate();
    await bed.clock.advance(0);
    assert.deepEqual(ends, [{ kind: 'terminated' }]);
  });

  it('keeps events that come before the document is there', async () => {
    const ready = await makeBed({
      files: {
        'a.scxml':
          '<scxml><state id="a"><transition event="x" target="b"/></state><final id="b"/></scxml>',
      },
    });
    const ends: unknown[] = [];
    const document = { kind: 'url', url: 'a.scxml' } as const;
    ready.runtime
      .start({ document, observer: { ended: (end) => ends.push(end) } })
      .send({ name: 'x', type: 'external' });
    await ready.clock.advance(0);
    assert.deepEqual(ends, [{ kind: 'final', state: 'b', data: undefined }]);
  });

  it('refuses a document with its place, a missing script, and an address that gives nothing', async () => {
    const refused = await bed.run('<state id="a">\n<transition target="b"/></state>');
    assert.deepEqual(refused.ends, [
      {
        kind: 'refused',
        code: 'SCXML_UNKNOWN_TARGET',
        message: 'test.scxml:2:1: no state has the id "b"',
        at: { file: 'test.scxml', line: 2, column: 1 },
      },
    ]);
    const script = await bed.run('<script src="gone.js"/><state id="a"/>');
    assert.equal('code' in (script.ends[0] ?? {}) && script.ends[0]?.kind, 'refused');
    assert.deepEqual(bed.fetched, ['gone.js']);
  });

  it('drops an event whose data are no JSON, with an error', async () => {
    const { session, log } = await bed.run(
      '<state id="a"><transition event="*"><log expr="_event.name"/></transition></state>',
    );
    session.send({ name: 'x', type: 'external', data: '{broken' });
    await bed.clock.advance(0);
    assert.deepEqual(log, ['"error.execution"']);
  });

  it('drops an event that only pretends to carry XML', async () => {
    const { session, log } = await bed.run(
      '<state id="a"><transition event="*"><log expr="[_event.name, String(_event.data)]"/></transition></state>',
    );
    const key = JSON.stringify('\0xml');
    for (const data of [`{${key}:`, `{${key}:"<a>"}`, `{${key}:[1]}`, `{${key}:7}`])
      session.send({ name: 'x', type: 'external', data });
    await bed.clock.advance(0);
    assert.deepEqual(
      log.map((line) => (JSON.parse(line) as string[])[0]),
      ['error.execution', 'x', 'error.execution', 'x'],
    );
    assert.equal(log[1], '["x","<a>"]');
  });

  it('lets the data of an event not pass for its fields', async () => {
    const { session, log } = await bed.run(
      '<state id="a"><transition event="*"><log expr="[_event.name, _event.invokeid]"/></transition></state>',
    );
    session.send({ name: 'x', type: 'external', data: '1,"invokeid":"forged","name":"forged"' });
    await bed.clock.advance(0);
    assert.deepEqual(log, ['["error.execution",null]']);
  });

  it('names file and line of a script that fails', async () => {
    const { log } = await bed.run(
      '<state id="a"><onentry>\n<script>nothing.here</script></onentry><transition event="error"><log expr="_event.data.description"/></transition></state>',
    );
    assert.match(log[0] ?? '', /^"test\.scxml:2: (ReferenceError|TypeError): /);
  });

  it('runs the same way twice', async () => {
    const body = `<parallel id="p"><onentry><send event="t" delay="10ms"/><send event="u"/></onentry>
      <state id="a"><state id="a1"><transition event="t" target="a2"/></state><state id="a2"/></state>
      <state id="b"><state id="b1"><transition event="u" target="b2"/></state><state id="b2"><onentry><raise event="v"/></onentry></state></state></parallel>`;
    const traces = [];
    for (let i = 0; i < 2; i++) {
      const again = await makeBed();
      const { steps } = await again.run(body);
      await again.clock.advance(10);
      traces.push(steps);
    }
    assert.deepEqual(traces[0], traces[1]);
    assert.equal(traces[0]?.length, 3);
  });

  it('keeps a legal set of active states under any events', async () => {
    const body = `<parallel id="p"><history id="h" type="deep"><transition target="a2 b1"/></history>
        <state id="a"><state id="a1"><transition event="x" target="a2"/></state><state id="a2"><transition event="y" target="a1 b2"/></state></state>
        <state id="b"><state id="b1"><transition event="x" target="b2"/></state><state id="b2"><transition event="z" target="c"/></state></state>
        <transition event="w" type="internal" target="a2"/></parallel>
      <state id="c"><transition event="x" target="h"/><transition event="y" target="p"/><transition event="z" target="c"/></state>`;
    const legal = new Set(['c']);
    for (const a of ['a1', 'a2'])
      for (const b of ['b1', 'b2']) legal.add(['p', 'a', a, 'b', b].join());
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('w', 'x', 'y', 'z'), { maxLength: 12 }),
        async (events) => {
          const { session, send } = await bed.run(body);
          for (const event of events) {
            await send(event);
            assert.ok(legal.has(session.activeStates().join()), session.activeStates().join());
          }
          session.terminate();
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the data model', () => {
  const expression = async (code: string): Promise<string | undefined> =>
    (await bed.run(`<state id="a"><onentry><log expr="${code}"/></onentry></state>`)).log[0];

  it('holds nothing of the host', async () => {
    const names = [
      'process',
      'require',
      'fetch',
      'console',
      'setTimeout',
      'WebAssembly',
      '__in',
      'module',
    ];
    const found = await expression(`[${names.map((n) => `typeof ${n}`).join()}].join()`);
    assert.equal(found, `"${names.map(() => 'undefined').join()}"`);
    assert.equal(await expression(`typeof In.constructor('return this')().process`), '"undefined"');
  });

  it('is each session’s own', async () => {
    await bed.run(
      '<script>Object.prototype.leak = 1; var mine = 1; Array.prototype.slice = null;</script><state id="a"/>',
    );
    assert.equal(
      await expression('[typeof mine, typeof ({}).leak].join()'),
      '"undefined,undefined"',
    );
  });

  it('cannot be fooled by a page that replaces what the platform uses', async () => {
    const { log } = await bed.run(
      `<script>JSON.stringify = JSON.parse = function () { throw 1; }; Array.isArray = null; Array.prototype.map = null;</script>
       <state id="a"><onentry><foreach array="[1,2]" item="i"><log expr="({ i: i })"/></foreach></onentry></state>`,
    );
    assert.deepEqual(log, ['{"i":1}', '{"i":2}']);
  });

  it('gives JSON that carries __proto__ no power', async () => {
    const { session, log } = await bed.run(
      '<state id="a"><transition event="x"><log expr="[typeof _event.data.evil, typeof ({}).evil].join()"/></transition></state>',
    );
    session.send({ name: 'x', type: 'external', data: '{"__proto__":{"evil":1}}' });
    await bed.clock.advance(0);
    assert.equal(log[0]?.split(',')[1], 'undefined"');
  });

  it('never runs what a promise has left to do', async () => {
    const { log } = await bed.run(
      '<script>var ran = false; Promise.resolve().then(function () { ran = true; });</script><state id="a"><onentry><send event="x" delay="1s"/></onentry><transition event="x"><log expr="ran"/></transition></state>',
    );
    await bed.clock.advance(1000);
    assert.deepEqual(log, ['false']);
  });
});
