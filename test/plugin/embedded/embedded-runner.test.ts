import assert from 'node:assert/strict';
import type { ReplyAnswer } from '../../../src/plugin/plugin-runner.js';
import { PAGE_URL, REPLY_URL, page, runPlugin, type PluginBedOptions } from './bed.js';

const plugin = (body: string, options: Partial<PluginBedOptions> = {}) =>
  runPlugin({ pages: { [PAGE_URL]: page(body) }, ...options });

/** The reply as the page "Play Treatments" prints it. */
const reply = (action: string, message = "'OK'"): string =>
  `<session:fetch requestid="_data.reqid" srcexpr="_data._reply_url" method="'post'" timeout="30">
    <param name="action" expr="'${action}'"/><param name="message" expr="${message}"/></session:fetch>`;
const DATA = '<datamodel><data id="reqid"/></datamodel>';

describe('the embedded runner', () => {
  it('gives the page every parameter, in _data and with the events', async () => {
    const { trail } = await plugin(
      `<state id="s"><transition event="interaction.present"><log label="data" expr="JSON.stringify(_data)"/>
        <log label="event" expr="JSON.stringify(_event.data)"/></transition></state>`,
    );
    const [inData, inEvent] = ['data', 'event'].map((label) => {
      const line = trail.find((one) => one.startsWith(`log ${label}: `)) ?? '';
      return line;
    });
    for (const part of ['_call_state', 'Ok', '+49301', '0049301', 'callback-1']) {
      assert.ok(inData?.includes(part), `${part} in ${inData}`);
      assert.ok(inEvent?.includes(part), `${part} in ${inEvent}`);
    }
    assert.ok(
      !trail.join('\n').includes('secret'),
      'the address of the reply is no line of a trail',
    );
  });

  it('hands the associated call over with interaction.added and interaction.present', async () => {
    const { trail } = await plugin(
      `<state id="s"><transition event="interaction.added" target="present">
         <log expr="_genesys.ixn.interactions[_event.data.interactionid].voice.dnis"/></transition></state>
       <state id="present"><transition event="interaction.present" target="end">
         <log expr="[_event.data.focusdeviceid, _genesys.ixn.getuData('product')]"/></transition></state>
       <state id="end"/>`,
    );
    assert.ok(trail.includes('log "0049301"'));
    assert.ok(trail.includes('log ["+49301","shoes"]'));
    assert.ok(trail.includes('state present -> end on interaction.present'));
  });

  for (const call of ['none', 'not-associated'] as const) {
    it(`starts the page with plugin.start when the call is ${call}`, async () => {
      const { trail } = await plugin(
        `<state id="s"><transition event="plugin.start"><log expr="[typeof _data._interaction_id, _event.data._dial_attempt]"/></transition>
         <transition event="interaction"><log expr="'never'"/></transition></state>`,
        { call },
      );
      const id = call === 'none' ? 'undefined' : 'string';
      assert.ok(trail.includes(`log ["${id}",2]`), trail.join('\n'));
      assert.ok(!trail.includes('log "never"'));
    });
  }

  it('takes the reply that the page posts, inside the process', async () => {
    const { replies, orders, trail } = await plugin(
      `${DATA}<state id="s"><onentry>${reply('route_to_rp', "'after-hours'")}</onentry>
       <transition event="session.fetch.done" cond="_event.data.requestid == _data.reqid">
         <log expr="JSON.parse(_event.data.content).result"/></transition></state>`,
    );
    assert.deepEqual(replies, [{ action: 'route_to_rp', message: 'after-hours' }]);
    assert.deepEqual(
      orders.map(({ url }) => url),
      [PAGE_URL],
    );
    assert.ok(trail.includes('log "ok"'));
    assert.ok(trail.some((line) => line.includes('srcexpr="(reply url)"')));
  });

  it('takes a reply by the Basic HTTP processor of plain SCXML, too', async () => {
    const { replies, failures } = await runPlugin({
      pages: {
        [PAGE_URL]: `<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0">
          <datamodel><data id="_reply_url"/><data id="_call_state"/></datamodel>
          <state id="s"><transition event="plugin.start" target="done">
            <send type="http://www.w3.org/TR/scxml/#BasicHTTPEventProcessor" targetexpr="_reply_url" event="reply">
              <param name="action" expr="_call_state === 7 ? 'retry' : 'cancel'"/><param name="message" expr="'OK'"/>
              <param name="delay" expr="60"/></send></transition></state><final id="done"/></scxml>`,
      },
      call: 'none',
      parameters: { _call_state: 7 },
    });
    assert.deepEqual(replies, [
      { _scxmleventname: 'reply', action: 'retry', message: 'OK', delay: '60' },
    ]);
    assert.deepEqual(failures, [], 'whoever has replied may end');
  });

  it('tells the page why a reply was not taken, so that it can correct itself', async () => {
    const { replies, trail } = await plugin(
      `${DATA}<state id="s"><onentry>${reply('route')}</onentry>
       <transition event="error.session.fetch" target="again"><log expr="[_event.data.error, _event.data.description]"/></transition></state>
       <state id="again"><onentry>${reply('cancel')}</onentry></state>`,
      {
        answer: (raw): ReplyAnswer =>
          (raw as { action: string }).action === 'cancel'
            ? { status: 200, body: { result: 'ok' } }
            : { status: 400, body: { error: 'REPLY_UNKNOWN_ACTION', message: 'no such action' } },
      },
    );
    assert.equal(replies.length, 2);
    assert.ok(trail.includes('log ["protocol.400","REPLY_UNKNOWN_ACTION: no such action"]'));
  });

  it('tells of a hang-up as the original does, and the page may still reply', async () => {
    const { call, run, replies, advance } = await plugin(
      `${DATA}<state id="s"><transition event="interaction.deleted" cond="_event.data.resultof === 'deletion'">
         ${reply('cancel', "'interaction_deleted'")}</transition></state>`,
    );
    call.revoke('hung-up');
    run.tell({ what: 'hung-up' });
    await advance(0);
    assert.deepEqual(replies, [{ action: 'cancel', message: 'interaction_deleted' }]);
  });

  it('tells of a verdict that changed', async () => {
    const { run, trail, advance } = await plugin(
      `<state id="s"><transition event="interaction.callstate.changed"><log expr="_event.data._call_state"/></transition></state>`,
    );
    run.tell({ what: 'verdict-revised', callState: 9 });
    await advance(0);
    assert.ok(trail.includes('log 9'));
  });

  it('says at once that a page which is over will not reply', async () => {
    const { failures, environment } = await plugin(`<final id="gone"/>`);
    assert.deepEqual(failures, [
      'PLUGIN_NO_REPLY: the page reached its final state "gone" without a reply',
    ]);
    assert.equal(environment.directory.size, 0);
  });

  it('names the place of what it does not know, before anything runs', async () => {
    const { failures, actions } = await plugin(
      `\n<state id="s"><onentry><dialog:juggle/></onentry></state>`,
    );
    assert.match(failures[0] ?? '', /^SCXML_UNKNOWN_ELEMENT: .*page\.scxml:3:\d+: <dialog:juggle>/);
    assert.deepEqual(actions, []);
  });

  it('says why a page cannot be had', async () => {
    const { failures } = await runPlugin({ pages: {} });
    assert.deepEqual(failures, [`SCXML_FETCH_FAILED: ${PAGE_URL}: HTTP 404`]);
  });

  it('ends a page whose time is over with its onexit handlers, and hears nothing of it after', async () => {
    const { run, failures, trail, environment } = await plugin(
      `<state id="s"><onexit><log expr="'left'"/></onexit></state>`,
    );
    await run.stop('timeout');
    assert.ok(trail.includes('log "left"'));
    assert.deepEqual(failures, []);
    assert.equal(environment.directory.size, 0);
  });

  it('lets a page that has replied finish, but not for long', async () => {
    const quick = await plugin(
      `${DATA}<state id="s"><onentry>${reply('cancel')}</onentry><transition event="session.fetch.done" target="end"/></state><final id="end"/>`,
    );
    await quick.run.stop('replied');
    assert.ok(quick.trail.includes('ended reached its final state "end"'));
    const slow = await plugin(`${DATA}<state id="s"><onentry>${reply('cancel')}</onentry></state>`);
    let isOver = false;
    void slow.run.stop('replied').then(() => (isOver = true));
    await slow.advance(1900);
    assert.equal(isOver, false);
    await slow.advance(200);
    assert.equal(isOver, true);
    assert.equal(slow.clock.pendingCount, 0);
  });

  it('never lets the address of the reply leave', async () => {
    const { orders } = await plugin(
      `${DATA}<state id="s"><onentry>${reply('cancel')}</onentry></state>`,
    );
    assert.ok(orders.every(({ url }) => url !== REPLY_URL));
  });
});
