import assert from 'node:assert/strict';
import type { PageListener, PageRequest } from '../../../src/holder/page-runner.js';
import type { ReplyAnswer } from '../../../src/plugin/plugin-runner.js';
import { PAGE_URL, page, runPlugin, type PluginBedOptions } from './bed.js';

const DATA = '<datamodel><data id="reqid"/><data id="other"/></datamodel>';
/** Runs content at once and logs every event with its data. */
const plugin = (content: string, options: Partial<PluginBedOptions> = {}, more = '') =>
  runPlugin({
    ...options,
    pages: {
      ...options.pages,
      [PAGE_URL]: page(
        `${DATA}<state id="s"><onentry>${content}</onentry>${more}
         <transition event="interaction.added interaction.present plugin.start"/>
         <transition event="*"><log label="got" expr="_event.name + ' ' + JSON.stringify(_event.data)"/></transition></state>`,
      ),
    },
  });

const refused = (): ReplyAnswer => ({
  status: 400,
  body: { error: 'REPLY_BAD_DESTINATION', message: 'not allowed' },
});

/** Events that the page got, but for those of its start. */
function got(trail: readonly string[]): string[] {
  return trail
    .filter((line) => line.startsWith('log got: '))
    .map((line) => JSON.parse(line.slice('log got: '.length)) as string);
}

const dataOf = (line: string | undefined): Record<string, unknown> =>
  JSON.parse(line?.slice(line.indexOf(' ') + 1) ?? '{}') as Record<string, unknown>;

describe('the dialog module', () => {
  it('plays prompts, and says when they were heard', async () => {
    const { actions, trail, advance } = await plugin(
      `<dialog:play requestid="_data.reqid" interactionid="'i1'" language="'de'"><dialog:prompts type="'ann'">
         <dialog:prompt userannid="'greeting'"/><dialog:prompt resource="'http://a.test/b.wav'"/><dialog:prompt text="'hello'"/>
       </dialog:prompts></dialog:play>`,
    );
    assert.deepEqual(actions, ['play greeting.wav, http://a.test/b.wav, "hello"']);
    await advance(2900);
    assert.deepEqual(got(trail), []);
    await advance(200);
    const [done] = got(trail);
    assert.match(done ?? '', /^dialog\.play\.done /);
    assert.equal(dataOf(done).interactionid, 'i1');
    assert.match(String(dataOf(done).requestid), /^dialog\.play\./);
  });

  it('plays a sound for as long as the page says, which is no failure', async () => {
    const { actions, trail, advance } = await plugin(
      `<dialog:playsound type="'music'" resource="'song.wav'" duration="5"/>`,
    );
    assert.deepEqual(actions, ['play song.wav, again and again']);
    await advance(4900);
    assert.deepEqual(got(trail), []);
    await advance(200);
    assert.match(got(trail)[0] ?? '', /^dialog\.playsound\.done /);
  });

  it('collects digits after a prompt that a key interrupts', async () => {
    const { call, trail, advance } = await plugin(
      `<dialog:playandcollect requestid="_data.reqid" interactionid="'i1'">
         <dialog:prompts><dialog:prompt resource="'menu.wav'" interrupt="true"/></dialog:prompts>
         <dialog:input max_digits="4" term_digits="'#'" total_timeout="10"/></dialog:playandcollect>`,
    );
    call.press('12#');
    await advance(0);
    const { digits, endedby } = dataOf(got(trail)[0]);
    assert.deepEqual([digits, endedby], ['12', 'end-digit']);
  });

  it('collects digits without a prompt, and reports a customer who presses none', async () => {
    const { trail, advance } = await plugin(`<dialog:collect max_digits="1" total_timeout="3"/>`);
    await advance(3100);
    assert.match(got(trail)[0] ?? '', /^dialog\.collect\.done /);
    assert.equal(dataOf(got(trail)[0]).digits, '');
  });

  it('stops by request id; what was stopped ends as cancelled', async () => {
    const { trail, advance } = await plugin(
      `<dialog:playsound requestid="_data.reqid" resource="'song.wav'" duration="60"/><send event="'later'" delay="'2s'"/>`,
      {},
      `<transition event="later"><dialog:stop requestid="_data.reqid"/></transition>`,
    );
    await advance(2100);
    assert.deepEqual(
      got(trail).map((line) => line.split(' ')[0]),
      ['dialog.stop.done', 'error.dialog.playsound'],
    );
    assert.equal(dataOf(got(trail)[1]).error, 'cancelled');
    assert.equal(dataOf(got(trail)[0]).requestid, dataOf(got(trail)[1]).requestid);
  });

  it('lets a new sound take the place of the one that plays', async () => {
    const { trail, advance } = await plugin(
      `<dialog:playsound resource="'a.wav'" duration="60"/><dialog:playsound resource="'b.wav'"/>`,
    );
    await advance(1100);
    assert.deepEqual(
      got(trail).map((line) => line.split(' ')[0]),
      ['error.dialog.playsound', 'dialog.playsound.done'],
    );
  });

  for (const [what, content, error, options] of [
    ['nothing to play', `<dialog:play/>`, 'invalidattribute', {}],
    ['a call of somebody else', `<dialog:play interactionid="'i2'"/>`, 'invalidattribute', {}],
    ['no call', `<dialog:collect/>`, 'invalidstate.null', { call: 'none' }],
    [
      'a call that the plugin was not given',
      `<dialog:playsound/>`,
      'invalidstate.notcontrolled',
      { call: 'not-associated' },
    ],
    [
      'a file that is not there',
      `<dialog:playsound resource="'x.wav'"/>`,
      'invalidattribute',
      { lengthOf: () => ({ why: 'MEDIA_NOT_FOUND: x.wav' }) },
    ],
    ['too many digits', `<dialog:collect max_digits="999"/>`, 'invalidattribute', {}],
    ['nothing to stop', `<dialog:stop requestid="'r1'"/>`, 'unknown', {}],
    [
      'a VoiceXML page without an interpreter',
      `<dialog:start type="'applid'"><param name="APP_URI" expr="'http://a.test/a.vxml'"/></dialog:start>`,
      'unsupported',
      {},
    ],
  ] as const) {
    it(`refuses ${what}: ${error}`, async () => {
      const { trail, advance } = await plugin(content, options);
      await advance(0);
      const refusal = got(trail).find((line) => line.startsWith('error.'));
      assert.equal(dataOf(refusal).error, error, trail.join('\n'));
      assert.notEqual(dataOf(refusal).description, '');
    });
  }

  it('has five VoiceXML pages go on at a time, not more', async () => {
    let count = 0;
    const start = `<dialog:start><param name="APP_URI" expr="'http://a.test/a.vxml'"/></dialog:start>`;
    const { trail, advance } = await plugin(start.repeat(7), {
      pageRunner: {
        start() {
          count += 1;
          return { tell: () => undefined, stop: () => Promise.resolve() };
        },
      },
    });
    await advance(0);
    assert.equal(count, 5);
    assert.equal(
      trail.filter((line) => /dialog\.start: invalidstate\.treating/.test(line)).length,
      2,
    );
  });

  it('starts a VoiceXML page, and brings what it exits with', async () => {
    const started: PageRequest[] = [];
    let listener: PageListener | undefined;
    const { trail, advance } = await plugin(
      `<dialog:start requestid="_data.reqid" type="'applid'" interactionid="'i1'"><param name="APP_URI" expr="'http://a.test/a.vxml'"/></dialog:start>`,
      {
        pageRunner: {
          start(request, heard) {
            started.push(request);
            listener = heard;
            return { tell: () => undefined, stop: () => Promise.resolve() };
          },
        },
      },
    );
    assert.deepEqual(
      started.map(({ url, ttlMs }) => [url, ttlMs]),
      [['http://a.test/a.vxml', 120_000]],
    );
    listener?.exited({ action: 'cancel', message: 'OK' });
    listener?.failed('VXML_BADFETCH', 'too late');
    await advance(0);
    const names = got(trail).map((line) => line.split(' ')[0]);
    assert.deepEqual(names, ['dialog.start.requestid', 'dialog.start.done']);
    assert.deepEqual(dataOf(got(trail)[1]).extensions, {
      treatment_result: { action: 'cancel', message: 'OK' },
    });
  });
});

describe('the interaction module', () => {
  it('detaches, and attaches again', async () => {
    const { actions, trail, call, advance } = await plugin(
      `<ixn:detach requestid="_data.reqid" interactionid="'i1'"/>`,
      {},
      `<transition event="interaction.detach.done" cond="_event.data.requestid === _data.reqid"><ixn:attach interactionid="'i1'"/></transition>`,
    );
    await advance(0);
    assert.deepEqual(actions, ['detach', 'attach']);
    assert.equal(call.isAttached, true);
    assert.match(got(trail)[0] ?? '', /^interaction\.attach\.done /);
  });

  it('hangs up', async () => {
    const { actions, trail, advance } = await plugin(`<ixn:terminate reason="'bye'"/>`);
    await advance(0);
    assert.deepEqual(actions, ['hang-up bye']);
    assert.match(got(trail)[0] ?? '', /^interaction\.terminate\.done /);
  });

  it('redirects by the reply that says the same', async () => {
    const { replies, trail } = await plugin(
      `<ixn:redirect interactionid="'i1'" from="'x'" to="'8999'" type="'routing'" detach="true"/>`,
    );
    assert.deepEqual(replies, [{ action: 'route_to_rp', message: '8999' }]);
    assert.match(got(trail)[0] ?? '', /^interaction\.redirect\.done /);
  });

  it('says why a destination is not taken', async () => {
    const { trail } = await plugin(`<dialog:remote destination="'+999'"/>`, { answer: refused });
    const [error] = got(trail);
    assert.match(error ?? '', /^error\.dialog\.remote /);
    assert.equal(dataOf(error).error, 'invaliddestination');
    assert.equal(dataOf(error).description, 'REPLY_BAD_DESTINATION: not allowed');
  });

  it('looks for an agent in the queue of the service', async () => {
    const { replies, trail, actions } = await plugin(
      `<queue:submit requestid="_data.reqid" interactionid="'i1'" queue="'vq'" timeout="60">
         <queue:targets><queue:target targetid="'g@s.GA'"/></queue:targets>
         <dialog:playsound resource="'song.wav'" duration="60"/>
         <dialog:runtreatments><dialog:play><dialog:prompts><dialog:prompt resource="'soon.wav'"/></dialog:prompts></dialog:play>
           <dialog:collect/></dialog:runtreatments></queue:submit>`,
    );
    assert.deepEqual(replies, [{ action: 'route_to_agent', message: 'OK' }]);
    assert.deepEqual(
      got(trail).map((line) => line.split(' ')[0]),
      ['queue.submit.requestid', 'queue.submit.done'],
    );
    assert.deepEqual(actions.slice(0, 2), ['wait-with song.wav, soon.wav', 'detach']);
    assert.ok(trail.includes('log queue:submit plays no collect to who waits'));
  });

  it('changes attached data, and tells of it', async () => {
    const { trail, advance, actions } = await plugin(
      `<script>_genesys.ixn.setuData({ lang: 'de', product: null });</script>`,
      {},
      `<transition event="interaction.udata.changed"><log label="udata" expr="_genesys.ixn.interactions.i1.udata"/></transition>`,
    );
    await advance(0);
    assert.ok(trail.includes('log udata: {"lang":"de"}'), trail.join('\n'));
    assert.deepEqual(actions, ['data {"lang":"de"}'], 'null takes product away');
  });
});

describe('attached data of a page', () => {
  it('have room for what a callback has room for, and no more', async () => {
    const { trail, advance } = await plugin(
      `<script>for (var i = 0; i !== 3; i++) {
         var values = {};
         values['k' + i] = 'x'.repeat(30000);
         _genesys.ixn.setuData(values);
       }</script>`,
      {},
      `<transition event="interaction.udata.changed" cond="_event.data.udata.k0 === undefined"><log label="has" expr="Object.keys(_genesys.ixn.interactions.i1.udata).join()"/></transition>`,
    );
    await advance(0);
    const seen = trail.filter((line) => line.startsWith('log has: '));
    assert.deepEqual(seen, Array(2).fill('log has: "product,k0,k1"'));
  });
});

describe('the session module', () => {
  it('posts forms and JSON, and reads with a query', async () => {
    const { orders, trail } = await plugin(
      `<session:fetch srcexpr="'http://a.test/form'" method="'post'"><param name="a" expr="'x y'"/><param name="b" expr="({c:1})"/></session:fetch>
       <session:fetch srcexpr="'http://a.test/json'" method="'post'" enctype="'application/json'"><param name="a" expr="1"/></session:fetch>
       <session:fetch srcexpr="'http://a.test/get?x=1'" headers="({'x-key':'k'})" timeout="3"><param name="a" expr="'ä'"/></session:fetch>`,
      { pages: { 'http://a.test/get?x=1&a=%C3%A4': 'text' } },
    );
    const [, form, json, get] = orders;
    assert.equal(form?.body, 'a=x+y&b=%7B%22c%22%3A1%7D');
    assert.equal(form.headers?.['content-type'], 'application/x-www-form-urlencoded');
    assert.equal(json?.body, '{"a":1}');
    assert.deepEqual([get?.method, get?.headers, get?.timeoutMs], ['GET', { 'x-key': 'k' }, 3000]);
    assert.deepEqual(
      got(trail).map((line) => dataOf(line).error ?? dataOf(line).content),
      ['protocol.404', 'protocol.404', 'text'],
    );
  });

  it('starts another session under the id it promised, and ends it', async () => {
    const { trail, advance, environment } = await plugin(
      `<session:start sessionid="_data.other" src="'http://a.test/sub.scxml'"><param name="p" expr="7"/></session:start>`,
      {
        pages: {
          'http://a.test/sub.scxml': page(
            `<state id="in"><onentry><log label="sub" expr="_data.p"/></onentry><onexit><log label="sub" expr="'left'"/></onexit></state>`,
          ),
        },
      },
      `<transition event="session.start.done" cond="_event.data.sessionid === _data.other"><session:terminate sessionid="_data.other"/></transition>`,
    );
    await advance(0);
    assert.ok(trail.some((line) => line.endsWith('sub: 7')));
    assert.ok(trail.some((line) => line.endsWith('sub: "left"')));
    assert.match(got(trail)[0] ?? '', /^session\.terminate\.done /);
    assert.equal(environment.directory.size, 1);
  });

  it('says why another session could not be started', async () => {
    const { trail, advance } = await plugin(`<session:start src="'http://a.test/none.scxml'"/>`);
    await advance(0);
    assert.match(got(trail)[0] ?? '', /^error\.session\.start .*SCXML_FETCH_FAILED/);
  });

  it('gives a session five others and fifty requests, not more', async () => {
    const start = `<session:start src="'http://a.test/none.scxml'"/>`;
    const fetch = `<session:fetch srcexpr="'http://a.test/x'"/>`;
    const starts = await plugin(start.repeat(6));
    await starts.advance(0);
    assert.equal(starts.orders.length, 6, 'the page itself and five more');
    const fetches = await plugin(fetch.repeat(52));
    assert.equal(fetches.orders.length, 51);
    assert.match(fetches.trail.join('\n'), /more of these than a session may have/);
  });

  it('counts what a started session starts as its own', async () => {
    const self = page(`<state id="s"><onentry><session:start src="'${PAGE_URL}'"/>
      <session:start src="'${PAGE_URL}'"/></onentry></state>`);
    const { advance, environment } = await runPlugin({ pages: { [PAGE_URL]: self } });
    await advance(1000);
    assert.equal(environment.directory.size, 6);
  });

  it('ends with a code of its own when it answers every error with a request', async () => {
    const { failures, advance } = await plugin(
      `<dialog:play/>`,
      {},
      `<transition event="error.dialog.play"><dialog:play/></transition>`,
    );
    await advance(1000);
    assert.match(failures.join(), /^SCXML_TOO_MANY_REQUESTS: /);
  });

  it('ends itself', async () => {
    const { failures, advance } = await plugin(`<session:terminate/>`);
    await advance(0);
    assert.deepEqual(failures, ['PLUGIN_TERMINATED: the session was terminated before it replied']);
  });
});
