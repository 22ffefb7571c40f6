/**
 * Plugins elsewhere and real calls: for every answer type what the plugin is given, what it answers,
 * and where the call then is; the same with a webhook and with an orchestration server.
 */
import assert from 'node:assert/strict';
import type { PersonaName } from '../../src/farend/personas.js';
import { MUSIC, PluginStage } from './plugin-stage.js';
import type { PluginHands } from './plugin-servers.js';

const SERVICES = `services:
  webhook:
    _plugin_on_dial_url: HOOK
    pluginRunner: webhook
    _plugin_on_dial_timeout: 20
  ors:
    _plugin_on_dial_url: ORIGIN/page.scxml
    pluginRunner: ors
    _plugin_on_dial_timeout: 20
`;
const MORE = 'orchestration: { url: "ORIGIN" }\nwebhook: { secret: "sixteen characters" }\n';
const RUNNERS = ['webhook', 'ors'] as const;
type Runner = (typeof RUNNERS)[number];

/** Answer types without a call, with a persona that gives them and the state the plugin is told. */
const NO_CALL: readonly (readonly [persona: PersonaName, callState: number])[] = [
  ['busy', 6],
  ['no-answer', 7],
  ['sit', 8],
  ['fax', 17],
  ['declined', 26],
];

describe('plugins elsewhere, on real calls', function () {
  this.timeout(120_000);
  let stage: PluginStage;
  before(async () => (stage = await PluginStage.open(SERVICES, MORE)));
  after(() => stage.close());

  /** The parameters as text, however they came. */
  const textOf = ({ parameters }: PluginHands, name: string): string => {
    const value = parameters[name];
    return typeof value === 'string' ? value : JSON.stringify(value ?? null);
  };
  const script = (
    name: string,
    run: (hands: PluginHands) => Promise<unknown>,
  ): { case: string } => {
    stage.plugin.scripts.set(name, run);
    return { case: name };
  };
  const both = async (run: (runner: Runner) => Promise<void>): Promise<void> => {
    await Promise.all(RUNNERS.map(run));
    await stage.isQuiet();
  };

  it('a human: plays to the customer, and hands over to an agent', () =>
    both(async (runner) => {
      const given: Record<string, string> = {};
      const data = script(`agent-${runner}`, async (hands) => {
        for (const name of Object.keys(hands.parameters)) given[name] = textOf(hands, name);
        const [status, body] = await hands.call('play', { prompts: ['connect.wav'] });
        assert.deepEqual([status, body['result']], [200, 'ended']);
        assert.deepEqual(await hands.call('detach'), [200, { result: 'ok' }]);
        const reply = await hands.reply({ action: 'route_to_agent', message: 'OK' });
        assert.deepEqual(reply, [200, { result: 'ok' }]);
        const [again] = await hands.reply({ action: 'cancel', message: 'OK' });
        assert.equal(again, 409);
      });
      const outcome = await stage.run(runner, 'human', { ...data, topic: 'broadband' });
      assert.deepEqual([outcome.reason, outcome.callState], ['AGENT_CONNECTED', 0]);
      const [call] = outcome.heard;
      assert.equal(given['_call_state'], '0');
      assert.equal(given['_call_state_name'], 'Ok');
      assert.equal(given['_interaction_id'], call?.callId);
      assert.equal(given['_customer_number'], call?.userPart);
      assert.equal(given['_gms_service_id'], outcome.story.id);
      assert.match(given['_ors_service_id'] ?? '', /^[0-9a-f-]{36}$/);
      assert.deepEqual(JSON.parse(given['_user_data'] ?? ''), { ...data, topic: 'broadband' });
      assert.equal(given['_dial_attempt'], '1');
      assert.equal(given['_ttl'], '20');
      assert.match(given['_reply_url'] ?? '', /^http:\/\/127\.0\.0\.1:\d+\/plugin\/.+\/reply$/);
      const names = ['connect.wav', 'waiting.wav', 'far-end/agent.wav'];
      const heard = await stage.recognise(call, ...names);
      assert.equal(heard[0], 'connect.wav');
      assert.equal(heard.at(-1), 'far-end/agent.wav');
    }));

  it('a human: goes to a route point, and to no other place', () =>
    both(async (runner) => {
      const data = script(`route-${runner}`, async (hands) => {
        const [status, body] = await hands.reply({ action: 'route_to_rp', message: 'sip:a@evil' });
        assert.deepEqual([status, body['error']], [400, 'REPLY_DESTINATION_NOT_ALLOWED']);
        await hands.reply({ action: 'route_to_rp', message: 'after-hours' });
      });
      const outcome = await stage.run(runner, 'human', data);
      assert.equal(outcome.reason, 'ROUTED_TO_RP');
      const routed = stage.farEnd.calls().filter(({ userPart }) => userPart === 'nightdesk');
      assert.ok(routed.length > 0);
      assert.ok(
        stage.warnings.some((line) => line.includes('replied without detaching')),
        'it was detached, with a warning',
      );
    }));

  it('a machine: leaves a message, and cancels', () =>
    both(async (runner) => {
      const data = script(`machine-${runner}`, async (hands) => {
        assert.equal(textOf(hands, '_call_state'), '9');
        assert.notEqual(textOf(hands, '_interaction_id'), 'undefined');
        await hands.call('play', { prompts: [{ silenceMs: 1500 }, 'machine.wav'] });
        await hands.call('detach');
        await hands.reply({ action: 'cancel', message: 'OK' });
      });
      const outcome = await stage.run(runner, 'voicemail-no-beep', data);
      assert.deepEqual([outcome.reason, outcome.callState], ['CANCELLED', 9]);
      assert.deepEqual(await stage.recognise(outcome.heard[0], 'machine.wav'), ['machine.wav']);
    }));

  for (const [what, callState, persona] of [
    ['silence: has the call of somebody who says nothing', 32, 'silent'],
    ['unknown: has the call of whatever is neither a person nor a machine', 28, MUSIC],
  ] as const) {
    it(what, () =>
      both(async (runner) => {
        const data = script(`${callState}-${runner}`, async (hands) => {
          assert.equal(textOf(hands, '_call_state'), String(callState));
          assert.notEqual(textOf(hands, '_interaction_id'), 'undefined');
          const [status] = await hands.call('play', { prompts: [{ silenceMs: 100 }] });
          assert.equal(status, 200);
          await hands.call('detach');
          await hands.reply({ action: 'cancel', message: 'OK' });
        });
        const outcome = await stage.run(runner, persona, data);
        assert.deepEqual([outcome.reason, outcome.callState], ['CANCELLED', callState]);
      }),
    );
  }

  it('no call: is asked all the same, without one, for every way it can fail', () =>
    both(async (runner) => {
      await Promise.all(
        NO_CALL.map(async ([persona, callState]) => {
          const data = script(`${persona}-${runner}`, async (hands) => {
            assert.equal(textOf(hands, '_call_state'), String(callState), persona);
            assert.match(textOf(hands, '_interaction_id'), /^(undefined|null)$/);
            assert.equal(hands.parameters['_call_url'], undefined);
            if (runner === 'ors') await hands.event('plugin.start');
            const [status, body] = await hands.reply({ action: 'route_to_agent', message: 'OK' });
            assert.deepEqual([status, body['error']], [400, 'REPLY_NO_CALL']);
            await hands.reply({ action: 'cancel', message: 'OK' });
          });
          const outcome = await stage.run(runner, persona, data);
          assert.deepEqual([outcome.reason, outcome.callState], ['CANCELLED', callState], persona);
        }),
      );
    }));

  it('a retry: dials the number, behind the prefix, after the pause that the reply names', () =>
    both(async (runner) => {
      const second = stage.number('human');
      stage.castAs(`91${second.slice(1)}`, 'human');
      const data = script(`retry-${runner}`, async (hands) => {
        if (textOf(hands, '_dial_attempt') === '2') {
          assert.equal(textOf(hands, '_customer_number'), second);
          assert.equal(textOf(hands, '_dialed_number'), `91${second.slice(1)}`);
          return hands.reply({ action: 'retry', message: 'OK' });
        }
        return hands.reply({
          action: 'retry',
          message: '0k',
          customer_number: second,
          customer_number_prefix: '91',
          delay: '1',
        });
      });
      const number = stage.number('busy');
      const outcome = await stage.completed(await stage.request(runner, number, data), number);
      assert.equal(outcome.reason, 'CANCELLED', 'the limit of attempts cancels a plugin’s retry');
      assert.deepEqual(
        outcome.attempts.map(({ number: dialled }) => dialled),
        [number, `91${second.slice(1)}`],
      );
      const [first, then] = outcome.attempts;
      const pauseMs = (then?.startedAtMs ?? 0) - (first?.endedAtMs ?? 0);
      assert.ok(pauseMs >= 1000 && pauseMs < 8000, `${pauseMs} ms`);
    }));

  it('a hang-up while the plugin has the call: it is told, and its reply decides', () =>
    both(async (runner) => {
      const data = script(`hang-up-${runner}`, async (hands) => {
        const playing = hands.call('play', { prompts: ['waiting.wav'], loop: true });
        const deleted = await hands.event('interaction.deleted');
        assert.equal(deleted['resultof'], 'deletion');
        await playing;
        const [status, body] = await hands.call('play', { prompts: ['connect.wav'] });
        assert.deepEqual([status, body['error']], [409, 'HELD_REVOKED']);
        const [refused] = await hands.reply({ action: 'route_to_agent', message: 'OK' });
        assert.equal(refused, 400);
        await hands.reply({ action: 'cancel', message: 'interaction_deleted' });
      });
      const outcome = await stage.run(runner, 'hangs-up-during-treatment', data);
      assert.equal(outcome.reason, 'CANCELLED');
      assert.equal(outcome.heard[0]?.endedBy, 'far-end');
    }));

  it('hangs up itself, and hears of it like of any hang-up', () =>
    both(async (runner) => {
      const data = script(`hangup-${runner}`, async (hands) => {
        assert.deepEqual(await hands.call('hangup'), [200, { result: 'ok' }]);
        await hands.event('interaction.deleted');
        await hands.reply({ action: 'cancel', message: 'interaction_deleted' });
      });
      const outcome = await stage.run(runner, 'human', data);
      assert.equal(outcome.reason, 'CANCELLED');
      assert.equal(outcome.heard[0]?.endedBy, 'caller');
    }));

  it('signs what it sends to a webhook', () => {
    const [start] = stage.plugin.received.filter(({ path }) => path === '/hook');
    assert.match(String(start?.headers['dialback-signature']), /^t=\d{10},v1=[0-9a-f]{64}$/);
    assert.match(String(start?.headers['idempotency-key']), /-start$/);
  });
});
