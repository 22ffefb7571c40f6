import assert from 'node:assert/strict';
import { ORCHESTRATION } from '../../../../src/plugin/scxml/orchestration/dialect.js';
import type { InteractionFacts } from '../../../../src/plugin/scxml/orchestration/genesys-model.js';
import { makeBed } from '../bed.js';

const page = (body: string): string =>
  `<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" _persist="false"
    xmlns:session="http://www.genesyslab.com/modules/session">${body}</scxml>`;

const interaction = (udata: Record<string, unknown> = {}): InteractionFacts => ({
  g_uid: 'i1',
  category: 'voice',
  tenantid: 1,
  parentid: null,
  parties: ['+49301'],
  udata,
  ani: '+49301',
  location: { dn: '+49301' },
  voice: { type: 'outbound', ani: '+49301', dnis: '0049301', callid: 'c1', media: 'voice' },
});

describe('the object _genesys', () => {
  it('knows the calls of the session before any event tells of them', async () => {
    const bed = await makeBed({ dialect: ORCHESTRATION });
    const { log } = await bed.run(
      page(`<state id="s"><onentry>
        <log expr="[_genesys.ixn.interactions[_genesys.ixn.firstixnid].voice.dnis, _genesys.ixn.getuData('vip', 'i1')]"/>
      </onentry></state>`),
      {},
      JSON.stringify({ interactions: { i1: interaction({ vip: 'yes' }) } }),
    );
    assert.deepEqual(log, ['["0049301","yes"]']);
  });

  it('has the call states by name, the misprint of the page included', async () => {
    const bed = await makeBed({ dialect: ORCHESTRATION });
    const { log } = await bed.run(
      page(`<state id="s"><onentry><script>var s = _genesys.ixn.callState;</script>
        <log expr="[s.Ok, s.Busy, s.NoAnswer, s.SilDetected, s.AnsweringMachineDetected, s.FaxDetected]"/>
      </onentry></state>`),
    );
    assert.deepEqual(log, ['[0,6,7,8,9,17]']);
  });

  it('asks the host to change attached data, and shows them when the host says so', async () => {
    const bed = await makeBed({ dialect: ORCHESTRATION });
    const { log, requests, session } = await bed.run(
      page(`<state id="s"><onentry><script>_genesys.ixn.setuData({ lang: 'de' }); _genesys.ixn.deleteuData('vip');</script>
        <log expr="_genesys.ixn.getuData('lang')"/></onentry>
        <transition event="interaction.udata.changed"><log expr="_genesys.ixn.interactions.i1.udata"/></transition></state>`),
      {},
      JSON.stringify({ interactions: { i1: interaction({ vip: 'yes' }) } }),
    );
    assert.deepEqual(
      requests.map(({ name, data }) => [name, data]),
      [
        ['interaction.setudata', '{"attributes":{"interactionid":"i1"},"params":{"lang":"de"}}'],
        ['interaction.setudata', '{"attributes":{"interactionid":"i1"},"params":{"vip":null}}'],
      ],
    );
    session.send({
      name: 'interaction.udata.changed',
      type: 'external',
      facts: JSON.stringify({ interactions: { i1: interaction({ lang: 'de' }) } }),
    });
    await bed.clock.advance(0);
    assert.deepEqual(log, ['undefined', '{"lang":"de"}']);
  });

  it('is told to the sessions that a page invokes', async () => {
    const bed = await makeBed({
      dialect: ORCHESTRATION,
      files: {
        'child.scxml': page(
          `<state id="c"><onentry><log label="child" expr="_genesys.ixn.firstixnid"/></onentry></state>`,
        ),
      },
    });
    const { log } = await bed.run(
      page(`<state id="s"><invoke type="scxml" src="child.scxml"/></state>`),
      {},
      JSON.stringify({ interactions: { i1: interaction() } }),
    );
    await bed.clock.advance(10);
    assert.deepEqual(log, ['child="i1"']);
  });

  it('says by name what needs a configuration server', async () => {
    const bed = await makeBed({ dialect: ORCHESTRATION });
    const { log } = await bed.run(
      page(`<state id="s"><onentry><log expr="_genesys.session.getListItemValue('a', 'b')"/></onentry>
        <transition event="error.execution"><log expr="_event.data.description"/></transition></state>`),
    );
    assert.match(
      log[0] ?? '',
      /_genesys\.session\.getListItemValue needs a configuration server and is not supported/,
    );
  });

  it('leaves no way to what stands behind it', async () => {
    const bed = await makeBed({ dialect: ORCHESTRATION });
    const { log } = await bed.run(
      page(`<state id="s"><onentry><log expr="[typeof __SetUserData, Object.keys(globalThis).indexOf('__learn')]"/>
        <script>__learn = null; _genesys = null;</script></onentry>
        <transition event="error.execution"/><transition event="go"><log expr="typeof _genesys.ixn"/></transition></state>`),
    );
    assert.equal(log[0], '["undefined",-1]');
  });

  it('gives the session that a page starts an id before anybody hears of it', async () => {
    const bed = await makeBed({ dialect: ORCHESTRATION });
    const { log, requests } = await bed.run(
      page(`<datamodel><data id="child"/></datamodel><state id="s"><onentry>
        <session:start sessionid="_data.child" src="'sub.scxml'"><param name="p" expr="1"/></session:start>
        <log expr="_data.child"/></onentry></state>`),
    );
    const asked = JSON.parse(requests[0]?.data ?? '') as Record<string, unknown>;
    assert.deepEqual(asked.attributes, { src: 'sub.scxml' });
    assert.deepEqual(asked.params, { p: 1 });
    assert.equal(log[0], JSON.stringify(asked.sessionid));
  });
});
