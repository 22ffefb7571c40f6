/**
 * Embedded plugins and real calls: for every answer type what the page is given, what it does with the
 * call, and where the call is in the end; with the samples that people start from.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { storyLines } from '../../../src/cli/story-lines.js';
import type { PersonaName } from '../../../src/farend/personas.js';
import type { PersonaScript } from '../../../src/farend/persona-script.js';
import { until } from '../../sip/bench.js';
import { MUSIC, PluginStage, type Outcome } from '../plugin-stage.js';
import { page } from './bed.js';

const SAMPLES = fileURLToPath(new URL('../../../config/examples/plugins/', import.meta.url));

/** Says what it was given, and cancels. */
const GIVEN = page(`<datamodel><data id="request"/></datamodel><state id="s">
  <transition event="plugin.start interaction.present" target="reply">
    <log label="state" expr="[_data._call_state, _data._call_state_name, typeof _data._interaction_id, _event.name]"/>
    <log label="ids" expr="[_data._gms_service_id, _data._ors_service_id, _data._user_data.topic]"/>
    <log label="numbers" expr="[_data._customer_number, _data._dialed_number, _data._dial_attempt, _data._ttl]"/>
    <log label="interaction" expr="[_data._interaction_id, _event.data.interactionid]"/>
  </transition></state>
  <state id="reply"><onentry><session:fetch srcexpr="_data._reply_url" method="'post'">
    <param name="action" expr="'cancel'"/><param name="message" expr="'OK'"/></session:fetch></onentry></state>`);
/** Waits for an agent with sounds of its own, and has data for them. */
const QUEUES = page(`<state id="s"><transition event="interaction.present" target="queued"/></state>
  <state id="queued"><onentry>
    <script>_genesys.ixn.setuData({ colour: 'blue', topic: null });</script>
    <queue:submit queue="'vq'"><dialog:playsound resource="'machine.wav'"/></queue:submit>
  </onentry></state>`);
/** Leaves a note for itself, and reads it when it is asked again. */
const REMEMBERS =
  page(`<datamodel><data id="action"/></datamodel><state id="s"><transition event="interaction.present" target="reply">
    <log label="note" expr="[_data._dial_attempt, _data._user_data.note || '', _genesys.ixn.getuData('note') || '']"/>
    <script>_data.action = _data._user_data.note ? 'cancel' : 'retry'; _genesys.ixn.setuData({ note: 'from ' + _data._dial_attempt });</script>
  </transition></state>
  <state id="reply"><onentry><session:fetch srcexpr="_data._reply_url" method="'post'"><param name="delay" expr="1"/>
    <param name="action" expr="_data.action"/><param name="message" expr="'OK'"/></session:fetch></onentry></state>`);
const STARTS =
  page(`<datamodel><data id="request"/></datamodel><state id="s"><transition event="interaction.present" target="asks"/></state>
  <state id="asks"><onentry><dialog:start requestid="_data.request" type="'applid'">
      <param name="APP_URI" expr="'ORIGIN/ask.vxml'"/></dialog:start></onentry>
    <transition event="dialog.start.done" target="reply"><log label="extensions" expr="_event.data.extensions"/></transition></state>
  <state id="reply"><onentry><session:fetch srcexpr="_data._reply_url" method="'post'">
    <param name="action" expr="'cancel'"/><param name="message" expr="'OK'"/></session:fetch></onentry></state>`);
const ASK = `<vxml version="2.1"><form><field name="key" type="digits?length=1">
  <prompt><audio src="media:vxml/confirm-ask.wav"/></prompt><filled><exit namelist="key"/></filled></field></form></vxml>`;
const BROKEN = page('<state id="s"><onentry><dialog:juggle/></onentry></state>');
const SILENT = page('<state id="s"><onexit><log expr="\'left\'"/></onexit></state>');

const SERVICES = [
  ...['menu', 'interaction-deleted', 'machine-message', 'retry-policy'].map(
    (sample) => [sample, `samples/${sample}.scxml`] as const,
  ),
  ['composer', 'samples/composer/src-gen/IPD_callback_Entry.scxml'],
  ['given', 'given'],
  ['broken', 'broken'],
  ['silent', 'silent'],
  ['queues', 'queues'],
  ['remembers', 'remembers'],
  ['starts', 'starts'],
] as const;

/** Answers, spells hello, and presses keys a second later. */
const pressing = (keys: string): PersonaScript => ({
  steps: [
    { step: 'ring', ms: 100 },
    { step: 'answer' },
    { step: 'wait', ms: 250 },
    { step: 'say', what: { file: 'far-end/hello.wav' } },
    { step: 'hear', maxMs: 8000 },
    { step: 'wait', ms: 600 },
    { step: 'press', keys },
  ],
});

describe('embedded plugins, on real calls', function () {
  this.timeout(120_000);
  let pages: Server;
  let stage: PluginStage;

  before(async () => {
    const made: Readonly<Record<string, string>> = {
      ...{ given: GIVEN, broken: BROKEN, silent: SILENT },
      ...{ queues: QUEUES, remembers: REMEMBERS, starts: STARTS, 'ask.vxml': ASK },
    };
    pages = createServer((request, response) => {
      const path = (request.url ?? '').slice(1).replace(/\?.*$/, '');
      const text = path.startsWith('samples/')
        ? readFileSync(SAMPLES + path.slice('samples/'.length), 'utf8')
        : made[path];
      const origin = `http://${request.headers.host}`;
      response.writeHead(text === undefined ? 404 : 200).end(text?.replaceAll('ORIGIN', origin));
    });
    await new Promise<void>((done) => pages.listen(0, '127.0.0.1', done));
    const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    const services = SERVICES.map(
      ([name, path]) => `  ${name}:
    _plugin_on_dial_url: ${origin}/${path}
    _plugin_on_dial_timeout: ${name === 'silent' ? 2 : 60}
    _max_dial_attempts: ${name === 'remembers' ? 2 : 1}
`,
    );
    stage = await PluginStage.open(`services:\n${services.join('')}`);
  });
  after(async () => {
    await stage.close();
    pages.closeAllConnections();
    await new Promise((done) => pages.close(done));
  });

  /** One callback to its end, and to the last line of its page, which is written behind. */
  async function run(
    service: string,
    cast: PersonaName | PersonaScript,
    userData: Record<string, string>,
  ): Promise<Outcome> {
    const outcome = await stage.run(service, cast, userData);
    return until(5000, 'the page to end', async () => {
      const { story } = await stage.completed(outcome.story.id);
      return story.media.some(({ what }) => what === 'ended') ? { ...outcome, story } : undefined;
    });
  }

  /** What the page did and said, as `trace` shows it. */
  const trailOf = ({ story }: Outcome): string[] =>
    story.media.map(({ what, detail = '' }) => `${what} ${detail}`.trimEnd());
  const logOf = (outcome: Outcome, label: string): unknown => {
    const line = trailOf(outcome).find((one) => one.startsWith(`log ${label}: `));
    return JSON.parse(line?.slice(`log ${label}: `.length) ?? 'null');
  };

  it('gives a page every parameter, with the call and without', async () => {
    const [human, busy] = await Promise.all([
      run('given', 'human', { topic: 'broadband' }),
      run('given', 'busy', { topic: 'broadband' }),
    ]);
    assert.deepEqual(logOf(human, 'state'), [0, 'Ok', 'string', 'interaction.present']);
    assert.deepEqual(logOf(busy, 'state'), [6, 'Busy', 'undefined', 'plugin.start']);
    const [call] = human.heard;
    assert.deepEqual(logOf(human, 'interaction'), [call?.callId, call?.callId]);
    assert.deepEqual(logOf(human, 'numbers'), [call?.userPart, call?.userPart, 1, 60]);
    const [service, session, topic] = logOf(human, 'ids') as string[];
    assert.deepEqual([service, topic], [human.story.id, 'broadband']);
    assert.match(session ?? '', /^[0-9a-f-]{36}$/);
    assert.deepEqual([human.reason, busy.reason], ['CANCELLED', 'CANCELLED']);
  });

  for (const [what, persona, callState, name] of [
    ['somebody who says nothing', 'silent', 32, 'Silence'],
    ['whatever is neither a person nor a machine', MUSIC, 28, 'Unknown'],
  ] as const) {
    it(`gives a page the call of ${what}`, async () => {
      const outcome = await run('given', persona, {});
      const present = [callState, name, 'string', 'interaction.present'];
      assert.deepEqual(logOf(outcome, 'state'), present);
      assert.deepEqual([outcome.reason, outcome.callState], ['CANCELLED', callState]);
      await stage.isQuiet();
    });
  }

  it('asks a page about every way a call can fail, without a call', async () => {
    const answers: readonly (readonly [PersonaName, number, string])[] = [
      ['busy', 6, 'busy'],
      ['no-answer', 7, 'no_answer'],
      ['sit', 8, 'no_answer'],
      ['fax', 17, 'no_answer'],
      ['declined', 26, 'no_answer'],
    ];
    await Promise.all(
      answers.map(async ([persona, callState, state]) => {
        const outcome = await run('retry-policy', persona, {});
        assert.deepEqual([outcome.reason, outcome.callState], ['CANCELLED', callState], persona);
        const step = `state deciding -> ${state} on plugin.start`;
        assert.ok(trailOf(outcome).includes(step), `${persona}: ${trailOf(outcome).join('\n')}`);
      }),
    );
    await stage.isQuiet();
  });

  it('plays to a human, collects a digit, and sends the call where it says', async () => {
    const [agent, routePoint] = await Promise.all([
      run('menu', pressing('1'), {}),
      run('menu', pressing('2'), {}),
    ]);
    assert.deepEqual([agent.reason, routePoint.reason], ['AGENT_CONNECTED', 'ROUTED_TO_RP']);
    for (const outcome of [agent, routePoint]) {
      const heard = await stage.recognise(outcome.heard[0], 'connect.wav', 'far-end/agent.wav');
      assert.deepEqual(heard, ['connect.wav', 'far-end/agent.wav']);
      assert.ok(trailOf(outcome).some((line) => line.startsWith('asked interaction.detach')));
    }
    assert.ok(trailOf(agent).includes('state menu -> agent on dialog.playandcollect.done'));
    assert.ok(
      trailOf(routePoint).includes('state menu -> route_point on dialog.playandcollect.done'),
    );
    assert.ok(stage.farEnd.calls().some(({ userPart }) => userPart === 'nightdesk'));
    const printed = storyLines(agent.story);
    const entered = printed.findIndex((line) => line.includes('waiting -> menu'));
    const left = printed.findIndex((line) => line.includes('menu -> agent'));
    assert.ok(entered > 0 && left > entered, printed.join('\n'));
    await stage.isQuiet();
  });

  it('plays its treatments to a customer who waits, and gives the agent its data', async () => {
    stage.castAs('agent', {
      steps: [
        { step: 'ring', ms: 4000 },
        { step: 'answer' },
        { step: 'wait', ms: 1500 },
        { step: 'hang-up' },
      ],
    });
    const outcome = await run('queues', 'human', { topic: 'broadband', plan: 'gold' });
    stage.castAs('agent', 'queue');
    assert.equal(outcome.reason, 'AGENT_CONNECTED');
    const heard = await stage.recognise(outcome.heard[0], 'machine.wav', 'waiting.wav');
    assert.deepEqual(heard, ['machine.wav']);
    const agent = stage.farEnd.calls().findLast(({ userPart }) => userPart === 'agent');
    const data = Buffer.from(agent?.headers['X-GMS-User-Data'] ?? '', 'base64url').toString();
    assert.deepEqual(JSON.parse(data), { plan: 'gold', colour: 'blue' });
    assert.deepEqual(outcome.userData, { plan: 'gold', colour: 'blue' });
    await stage.isQuiet();
  });

  it('gives the page of the next attempt what this one has set', async () => {
    const { story } = await run('remembers', 'human', { topic: 'broadband' });
    const outcome = await until(5000, 'both pages to end', async () => {
      const now = await stage.completed(story.id);
      return now.story.media.filter(({ what }) => what === 'ended').length === 2 ? now : undefined;
    });
    const notes = trailOf(outcome).filter((line) => line.startsWith('log note: '));
    assert.deepEqual(notes, ['log note: [1,"",""]', 'log note: [2,"from 1","from 1"]']);
    assert.deepEqual(outcome.userData, { topic: 'broadband', note: 'from 2' });
    await stage.isQuiet();
  });

  it('starts a VoiceXML page, and has what it returns', async () => {
    const outcome = await run('starts', pressing('7'), {});
    assert.equal(outcome.reason, 'CANCELLED');
    assert.deepEqual(logOf(outcome, 'extensions'), { key: '7' });
    await stage.isQuiet();
  });

  it('leaves a message on a machine', async () => {
    const outcome = await run('machine-message', 'voicemail-no-beep', {});
    assert.deepEqual([outcome.reason, outcome.callState], ['CANCELLED', 9]);
    assert.deepEqual(await stage.recognise(outcome.heard[0], 'machine.wav'), ['machine.wav']);
    await stage.isQuiet();
  });

  it('runs a page built as Composer builds, from the message to the detached call', async () => {
    const warningsBefore = stage.warnings.length;
    const outcome = await run('composer', 'human', {});
    assert.equal(outcome.reason, 'AGENT_CONNECTED');
    const heard = await stage.recognise(outcome.heard[0], 'connect.wav', 'far-end/agent.wav');
    assert.deepEqual(heard, ['connect.wav', 'far-end/agent.wav']);
    const trail = trailOf(outcome);
    const detached = trail.findIndex((line) => line.startsWith('sent interaction.detach.done'));
    const replied = trail.findIndex((line) => line === 'reply route_to_agent');
    assert.ok(detached >= 0 && detached < replied, trail.join('\n'));
    const warnings = stage.warnings.slice(warningsBefore);
    assert.ok(!warnings.some((line) => line.includes('without detaching')), warnings.join('\n'));
    await stage.isQuiet();
  });

  it('tells a page of a hang-up, and carries out what it replies', async () => {
    const outcome = await run('interaction-deleted', 'hangs-up-during-treatment', {});
    assert.equal(outcome.reason, 'CANCELLED', 'the limit of attempts cancels a retry');
    assert.equal(outcome.heard[0]?.endedBy, 'far-end');
    const trail = trailOf(outcome);
    assert.ok(trail.some((line) => /-> hung_up on interaction\.deleted$/.test(line)));
    assert.ok(trail.includes('reply retry'));
    await stage.isQuiet();
  });

  it('ends the callback when a page cannot run, and says why by line', async () => {
    const outcome = await run('broken', 'human', {});
    assert.equal(outcome.reason, 'FAIL_ERROR');
    const because = outcome.story.steps.map((step) => step.because).join('\n');
    assert.match(because, /SCXML_UNKNOWN_ELEMENT: .*\/broken:\d+:\d+: <dialog:juggle>/);
    await stage.isQuiet();
  });

  it('ends a page that never replies, and the call with it', async () => {
    const outcome = await run('silent', 'human', {});
    assert.equal(outcome.reason, 'FAIL_ERROR');
    assert.match(
      outcome.story.steps.map((step) => step.because).join('\n'),
      /no reply in time, _plugin_on_dial_timeout is 2 s/,
    );
    await stage.isQuiet();
    assert.ok(trailOf(outcome).includes('log "left"'), 'its onexit handlers have run');
  });
});
