/** Transfers that a page waits for, on real calls: what the customer hears, and what the page learns. */
import assert from 'node:assert/strict';
import { heardIn, until } from './bench.js';
import {
  delayMs,
  isOver,
  NO_COMFORT,
  pageStage,
  person,
  press,
  talks,
  wait,
  waitsAgain,
  type PageOnCall,
} from './page-stage.js';

/** The first that a customer hears is the agent. */
const ALLOWED = `    allowedDestinations: ["agent@FAR_END"]\n${NO_COMFORT}`;
/** Until the two are connected, however long that takes. */
const HEAR_AGENT = { step: 'hear', maxMs: 30_000 } as const;
const HELLO = { step: 'say', what: { file: 'far-end/agent.wav' } } as const;

/** The page says in its delay, in seconds, what came of it. */
const RESULTS = [
  'busy',
  'noanswer',
  'far_end_disconnect',
  'near_end_disconnect',
  'maxtime_disconnect',
];
const page = (attributes: string, inside = ''): string => `<vxml version="2.1"><form>
  <var name="names" expr="${JSON.stringify(RESULTS).replaceAll('"', "'")}"/>
  <transfer name="t" dest="sip:agent@FAR_END" ${attributes}>${inside}
    <filled>
      <log label="talked"><value expr="t$.duration"/></log>
      <if cond="t$.utterance"><log label="key"><value expr="t$.utterance"/></log></if>
    </filled>
  </transfer>
  <block><prompt><audio src="media:find-agent-fail.wav"/></prompt></block>
  <block><exit expr="{ action: 'retry', message: 'OK', delay: 1000 * (1 + names.indexOf(t)) }"/></block>
</form></vxml>`;

describe('A transfer that a VoiceXML page waits for', function () {
  this.timeout(180_000);
  const { callWith, counts } = pageStage();

  const result = ({ view }: PageOnCall): string | undefined =>
    RESULTS[delayMs(view) / 1_000_000 - 1];
  const heardOf = async ({ heard }: PageOnCall, ...names: string[]): Promise<string[]> =>
    (await heardIn(heard.recording, names)).map(({ name }) => name);

  it('connects the two until the other side hangs up, and has the customer back', async () => {
    const call = await callWith(
      'page.vxml',
      person([wait(20_000)]),
      waitsAgain,
      { 'page.vxml': page('bridge="true" transferaudio="media:waiting.wav"') },
      ALLOWED,
      {
        steps: [
          { step: 'ring', ms: 1500 },
          { step: 'answer' },
          HELLO,
          wait(300),
          { step: 'hang-up' },
        ],
      },
    );
    assert.equal(result(call), 'far_end_disconnect');
    assert.equal(call.agents.length, 1);
    const names = ['waiting.wav', 'far-end/agent.wav', 'find-agent-fail.wav'];
    assert.deepEqual(await heardOf(call, ...names), names);
    await until(10_000, 'the endpoints to be given back', async () => {
      const { endpoints } = (await counts()) ?? {};
      return endpoints === 0 || undefined;
    });
  });

  it('is over for a key of the customer that the page names, and for no other', async () => {
    const call = await callWith(
      'page.vxml',
      person([HEAR_AGENT, wait(500), press('5'), wait(700), press('9'), wait(20_000)]),
      waitsAgain,
      {
        'page.vxml': page(
          'type="bridge" aai="order 7"',
          '<grammar mode="dtmf" version="1.0" root="r"><rule id="r">9</rule></grammar>',
        ),
      },
      ALLOWED,
      { steps: [{ step: 'answer' }, HELLO, wait(20_000)] },
    );
    assert.equal(result(call), 'near_end_disconnect');
    assert.equal(call.agents[0]?.endedBy, 'caller');
    const aai = `00${Buffer.from('order 7').toString('hex')};encoding=hex`;
    const headers = Object.entries(call.agents[0]?.headers ?? {});
    assert.equal(headers.find(([name]) => /^user-to-user$/i.test(name))?.[1], aai);
    assert.match(call.agents[0]?.dtmf ?? '', /^5/, 'keys are for whoever the customer talks to');
    assert.ok((await heardOf(call, 'find-agent-fail.wav')).length > 0);
  });

  it('tells busy', async () => {
    const call = await callWith(
      'page.vxml',
      person([wait(20_000)]),
      waitsAgain,
      { 'page.vxml': page('bridge="true"') },
      ALLOWED,
      { steps: [{ step: 'reject', rejection: { status: 486 } }] },
    );
    assert.equal(result(call), 'busy');
  });

  it('tells no answer after connecttimeout', async () => {
    const call = await callWith(
      'page.vxml',
      person([wait(20_000)]),
      waitsAgain,
      { 'page.vxml': page('bridge="true" connecttimeout="1s"') },
      ALLOWED,
      { steps: [{ step: 'ring', ms: 20_000 }] },
    );
    assert.equal(result(call), 'noanswer');
  });

  it('ends at maxtime', async () => {
    const call = await callWith(
      'page.vxml',
      person([wait(20_000)]),
      waitsAgain,
      { 'page.vxml': page('bridge="true" maxtime="1500ms"') },
      ALLOWED,
      { steps: [{ step: 'answer' }, wait(20_000)] },
    );
    assert.equal(result(call), 'maxtime_disconnect');
    assert.equal(call.agents[0]?.endedBy, 'caller');
  });

  it('is over with the customer, of which the page is told', async () => {
    const call = await callWith(
      'page.vxml',
      person([HEAR_AGENT, wait(500), { step: 'hang-up' }]),
      waitsAgain,
      {
        'page.vxml': page('bridge="true"').replace(
          '</form>',
          `</form><catch event="connection.disconnect.hangup"><exit expr="{ action: 'retry', message: 'interaction_deleted', delay: 7 }"/></catch>`,
        ),
      },
      ALLOWED,
      { steps: [{ step: 'answer' }, HELLO, wait(20_000)] },
    );
    assert.equal(delayMs(call.view), 7000);
    assert.equal(call.agents[0]?.endedBy, 'caller');
  });

  it('goes nowhere that is not allowed', async () => {
    const call = await callWith('page.vxml', person([wait(20_000)]), isOver, {
      'page.vxml': `<vxml version="2.1"><form><transfer dest="sip:agent@FAR_END" bridge="true"/></form>
        <catch event="error.connection.noauthorization"><exit expr="{ action: 'cancel', message: 'OK' }"/></catch></vxml>`,
    });
    assert.equal(call.view.callback.reason, 'CANCELLED');
    assert.equal(call.agents.length, 0);
  });

  it('by consultation is given away once somebody has answered, with one call', async () => {
    const call = await callWith(
      'page.vxml',
      person([wait(20_000)]),
      talks,
      { 'page.vxml': page('type="consultation"') },
      ALLOWED,
      { steps: [{ step: 'ring', ms: 500 }, { step: 'answer' }, wait(20_000)] },
    );
    assert.equal(call.view.callback.flow, 'connected');
    assert.equal(call.agents.length, 1);
  });
});
