import assert from 'node:assert/strict';
import { makeBed } from '../bed.js';

const child = (body: string): string => `<content><scxml>${body}</scxml></content>`;

describe('invoked sessions', () => {
  it('get params, answer their parent, and hand over their data at the end', async () => {
    const bed = await makeBed();
    const { log } = await bed.run(
      `<state id="p"><invoke id="c"><param name="n" expr="20"/>${child(
        `<datamodel><data id="n" expr="1"/></datamodel>
         <state id="s"><onentry><send event="hello" target="#_parent"><param name="n" expr="n"/></send></onentry>
           <transition event="more" target="f"/></state>
         <final id="f"><donedata><content expr="n + 1"/></donedata></final>`,
      )}</invoke>
       <transition event="hello"><log expr="[_event.data.n, _event.invokeid]"/><send event="more" target="#_c"/></transition>
       <transition event="done.invoke.c"><log expr="_event.data"/></transition></state>`,
    );
    await bed.clock.advance(0);
    assert.deepEqual(log, ['[20,"c"]', '21']);
    assert.equal(bed.runtime.sessions, 1);
  });

  it('are cancelled with their state, run onexit, and are not heard any more', async () => {
    const bed = await makeBed();
    const { log, send } = await bed.run(
      `<state id="p"><invoke>${child(
        '<state id="s"><onexit><log expr="\'child left\'"/><send event="bye" target="#_parent"/></onexit></state>',
      )}</invoke><transition event="go" target="q"/></state>
       <state id="q"><transition event="*"><log expr="_event.name"/></transition></state>`,
    );
    await send('go');
    assert.deepEqual(log, ['"child left"']);
  });

  it('end with the session that invoked them', async () => {
    const bed = await makeBed();
    const { session, log } = await bed.run(
      `<state id="p"><invoke>${child('<state id="s"><onexit><log expr="\'left\'"/></onexit><onentry><send event="x" delay="9s"/></onentry></state>')}</invoke></state>`,
    );
    session.terminate();
    assert.deepEqual(log, ['"left"']);
    assert.equal(bed.clock.pendingCount, 0);
  });

  it('that are fetched get the events sent to them meanwhile', async () => {
    const page =
      '<scxml><state id="s"><transition event="early" target="f"/></state><final id="f"/></scxml>';
    const bed = await makeBed({ files: { 'child.scxml': page } });
    const { log } = await bed.run(
      `<state id="p"><onentry><send event="now"/></onentry><invoke id="c" src="child.scxml"/>
       <transition event="now"><send event="early" target="#_c"/></transition>
       <transition event="*"><log expr="_event.name"/></transition></state>`,
    );
    await bed.clock.advance(0);
    assert.deepEqual(log, ['"done.invoke.c"']);
  });

  it('write back what an empty finalize names, before the event is looked at', async () => {
    const bed = await makeBed();
    const { log } = await bed.run(
      `<datamodel><data id="n" expr="1"/><data id="m" expr="1"/></datamodel>
       <state id="p"><invoke namelist="n">${child('<state id="s"><onentry><send event="x" target="#_parent"><param name="n" expr="7"/><param name="m" expr="8"/></send></onentry></state>')}<finalize/></invoke>
       <transition event="x" cond="n === 7"><log expr="[n, m]"/></transition></state>`,
    );
    await bed.clock.advance(0);
    assert.deepEqual(log, ['[7,1]']);
  });

  for (const [what, invoke, name] of [
    ['of an unknown type', '<invoke type="x-test"/>', 'error.execution'],
    ['with an address that gives nothing', '<invoke src="gone"/>', 'error.communication'],
    ['with a page that is none', '<invoke src="text"/>', 'error.communication'],
    [
      'with a page that is refused',
      `<invoke>${child('<state id="s"><transition target="t"/></state>')}</invoke>`,
      'error.communication',
    ],
    [
      'with a name that has no value',
      `<invoke namelist="nothing">${child('<final id="f"/>')}</invoke>`,
      'error.execution',
    ],
  ] as const) {
    it(`${what} are an error of the document: ${name}`, async () => {
      const bed = await makeBed({ files: { text: 'just text' } });
      const { log } = await bed.run(
        `<state id="p">${invoke}<transition event="*"><log expr="_event.name"/></transition></state>`,
      );
      await bed.clock.advance(0);
      assert.deepEqual(log, [`"${name}"`]);
    });
  }

  it('of another family cannot be reached', async () => {
    const bed = await makeBed();
    const victim = await bed.run(
      '<state id="a"><transition event="*" target="b"/></state><final id="b"/>',
    );
    const { log } = await bed.run(
      `<state id="a"><onentry><send event="x" target="#_scxml_${victim.session.id}"/></onentry>
       <transition event="*"><log expr="_event.name"/></transition></state>`,
    );
    await bed.clock.advance(0);
    assert.deepEqual(log, ['"error.communication"']);
    assert.deepEqual(victim.ends, []);
  });
});
