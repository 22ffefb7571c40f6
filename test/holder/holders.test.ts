/** Who holds a call instead of the flow, from the flow's command to its event; the test is the runner. */
import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { CallbackSession } from '../../src/callback-session.js';
import type { ServiceOptions } from '../../src/callflow/service-options.js';
import { initialState } from '../../src/callflow/treatment-flow.js';
import type { ServiceConfig } from '../../src/config/config.js';
import { NO_LIMITS, SetUpGovernor } from '../../src/dial/set-up-governor.js';
import type { RevokeCause } from '../../src/holder/held-call.js';
import type { HolderNews, HolderRun } from '../../src/holder/holder-run.js';
import type { PageListener, PageRequest } from '../../src/holder/page-runner.js';
import type { PluginListener, PluginRequest } from '../../src/plugin/plugin-runner.js';
import { ReplyDesk } from '../../src/plugin/reply-desk.js';
import type { CallbackRecord, CallbackStore } from '../../src/schedule/callback-store.js';
import { FakeStore } from '../fakes/fake-store.js';
import { FakeAnalyser, FakeTelephony, settle, silentLog } from '../fakes/fake-telephony.js';
import { supportDesk } from '../fakes/queue-desk.js';
import { serviceConfig, onTrunk, testTrunk } from '../fakes/service-config.js';

const CALLBACK: CallbackRecord = {
  id: 'cb-1',
  serviceName: 'sales',
  customerNumber: '+15550100',
  createdAtMs: 0,
  desiredAtMs: 0,
  expiresAtMs: 86_400_000,
  userData: { topic: 'broadband' },
  lookupKeys: {},
  requestOptions: {},
  state: 'QUEUED',
  dueAtMs: 0,
  attemptCount: 0,
  claimed: true,
  updatedAtMs: 0,
};
const PLUGIN = { pluginOnDialUrl: 'http://plugins/p', maxDialAttempts: 1 };
const PAGE = { vxmlUrl: 'http://pages/v', maxDialAttempts: 1, customerConnectTreatment: undefined };

/** A runner in the test's hands. */
class Runner<Request, Listener> {
  request: Request | undefined;
  listener: Listener | undefined;
  readonly told: HolderNews[] = [];
  readonly stopped: RevokeCause[] = [];
  start(request: Request, listener: Listener): HolderRun {
    this.request = request;
    this.listener = listener;
    return {
      tell: (news) => this.told.push(news),
      stop: (cause) => {
        this.stopped.push(cause);
        return Promise.resolve();
      },
    };
  }
}

function start(options: Partial<ServiceOptions>, more: Partial<ServiceConfig> = {}) {
  const telephony = new FakeTelephony();
  const analyser = new FakeAnalyser();
  const clock = virtualClock();
  const setUps = new SetUpGovernor({ clock, limits: () => NO_LIMITS });
  const plugins = new Runner<PluginRequest, PluginListener>();
  const pages = new Runner<PageRequest, PageListener>();
  const service = { ...serviceConfig(options), ...more };
  const warnings: string[] = [];
  let ids = 0;
  const session = new CallbackSession(
    {
      telephony,
      analyser,
      clock,
      store: new FakeStore() as unknown as CallbackStore,
      log: { ...silentLog, warn: (_fields: object, message: string) => warnings.push(message) },
      random: { uuid: () => `uuid-${(ids += 1)}`, fraction: () => 0.5 },
      places: { directory: '/m', packagedDirectory: '/p' },
      files: {
        probe: () => Promise.resolve(undefined),
        fetch: () => Promise.resolve({ kind: 'unplayable', code: 'MEDIA_MISSING', why: '404' }),
      },
      trunkResults: [],
      desk: supportDesk(clock, 'sip:support@pbx'),
      routePoints: { night: { uri: 'sip:night@pbx' } },
      comfortFile: '/p/comfort.wav',
      holders: {
        desk: new ReplyDesk({ clock, newToken: () => 'token', baseUrl: () => 'http://us' }),
        runners: { embedded: plugins },
        pages,
        lengthMs: () => Promise.resolve(1000),
      },
    },
    { ...CALLBACK, expiresAtMs: clock.nowMs() + 86_400_000 },
    {
      serviceNow: () => service,
      queueToDial: () => onTrunk(setUps.queue('customer'), testTrunk('sip:trunk')),
      restTrunk: () => undefined,
      takeTrunk: () => ({ kind: 'none', why: 'no other trunk is left' }),
      closed: () => undefined,
      attemptLimits: () => [],
      callLimits: () => [],
      onCallLimit: () => undefined,
      onDayFull: () => undefined,
      onLegOver: () => setUps.poke(),
    },
    initialState(),
  );
  session.post({ type: 'due' });
  /** A human has answered, or a machine. */
  const answered = async (verdict: 'human' | 'machine' = 'human') => {
    await settle();
    const dialog = telephony.calls[0]?.answer();
    await settle();
    analyser.opened[0]?.decide(verdict);
    await settle();
    assert.ok(dialog);
    return dialog;
  };
  const over = async () => {
    const state = await session.finished;
    assert.ok(state.name === 'ended');
    await settle();
    assert.deepEqual(telephony.counts(), { endpoints: 0, dialogs: 0 });
    setUps.stop();
    assert.equal(clock.pendingCount, 0, 'no timer left');
    return state.reason;
  };
  const playing = () =>
    telephony.plays.filter(({ isPlaying }) => isPlaying).map(({ files }) => files[0]);
  return { telephony, clock, session, plugins, pages, warnings, answered, over, playing };
}

describe('a plugin that holds a call', () => {
  it('is given the parameters of the page, and the call', async () => {
    const t = start(PLUGIN);
    await t.answered();
    const { request } = t.plugins;
    assert.equal(request?.url, 'http://plugins/p');
    assert.deepEqual(request?.parameters, {
      _call_state: 0,
      _call_state_name: 'Ok',
      _interaction_id: t.telephony.calls[0]?.callId,
      _customer_number: '+15550100',
      _dialed_number: '+15550100',
      _gms_service_id: 'cb-1',
      _ors_service_id: request?.parameters._ors_service_id,
      _user_data: { topic: 'broadband' },
      _dial_attempt: 1,
      _ttl: 120,
      _reply_url: `http://us/plugin/${request?.parameters._ors_service_id}/token/reply`,
    });
    assert.ok(request?.isAssociated);
    assert.ok(request?.call?.isAttached);
    assert.equal(request?.call?.facts.requestUri, 'sip:+15550100@trunk');
    t.plugins.listener?.reply({ action: 'cancel', message: 'OK' });
    assert.equal(await t.over(), 'CANCELLED');
    assert.deepEqual(t.plugins.stopped, ['replied']);
    assert.equal(request?.call?.revokedBy, 'replied');
  });

  it('is not given the call where _plugin_on_dial_associate_ixn is false, but may attach it', async () => {
    const t = start({ ...PLUGIN, pluginAssociateIxn: false });
    await t.answered();
    const { call, isAssociated, parameters } = t.plugins.request ?? {};
    assert.equal(isAssociated, false);
    assert.equal(parameters?._interaction_id, t.telephony.calls[0]?.callId, 'the id it gets');
    assert.equal(call?.isAttached, false);
    assert.equal((await call?.attach())?.kind, 'done');
    const listener = t.plugins.listener;
    assert.equal(listener?.reply({ action: 'route_to_rp', message: 'night' }).status, 200);
    await settle();
    assert.deepEqual(t.warnings, ['the plugin replied without detaching the call: detached']);
    await t.session.stop('test');
  });

  it('has to detach the call first where autoDetach is false', async () => {
    const t = start(PLUGIN, { autoDetach: false });
    await t.answered();
    const { listener, request } = t.plugins;
    const reply = { action: 'route_to_agent', message: 'OK' };
    const refused = listener?.reply(reply);
    assert.deepEqual([refused?.status, refused?.body['error']], [400, 'REPLY_STILL_ATTACHED']);
    await request?.call?.detach();
    assert.equal(listener?.reply(reply).status, 200);
    await settle();
    assert.equal(t.session.state.name, 'waiting-for-agent');
    await t.session.stop('test');
  });

  it('is stopped when its time is over, and the call is taken back at once', async () => {
    const t = start({ ...PLUGIN, pluginTimeoutMs: 10_000 });
    await t.answered();
    const { request, listener } = t.plugins;
    void request?.call?.play([{ kind: 'file', file: 'a.wav' }], { loop: true });
    await settle();
    assert.deepEqual(t.playing(), ['/m/a.wav']);
    await t.clock.advance(10_000);
    await settle();
    assert.equal(request?.call?.revokedBy, 'timeout');
    assert.deepEqual(t.plugins.stopped, ['timeout']);
    assert.equal(listener?.reply({ action: 'cancel', message: 'OK' }).status, 409);
    listener?.failed('LATE', 'nobody listens');
    assert.equal(await t.over(), 'FAIL_ERROR');
  });

  it('is told of a hang-up and still decides', async () => {
    const t = start(PLUGIN);
    const dialog = await t.answered();
    dialog.end('remote');
    await settle();
    assert.deepEqual(t.plugins.told, [{ what: 'hung-up' }]);
    assert.equal(t.plugins.request?.call?.revokedBy, 'hung-up');
    const { listener } = t.plugins;
    assert.equal(listener?.reply({ action: 'route_to_agent', message: 'OK' }).status, 400);
    listener?.reply({ action: 'cancel', message: 'interaction_deleted' });
    assert.equal(await t.over(), 'CANCELLED');
  });

  it('ends the callback as any hang-up when the customer is gone and no reply comes', async () => {
    const t = start({ ...PLUGIN, pluginTimeoutMs: 10_000 });
    const dialog = await t.answered();
    dialog.end('remote');
    await settle();
    await t.clock.advance(10_000);
    assert.equal(await t.over(), 'FAIL_INTERACTION_DELETED');
  });

  it('is told when the human was a machine after all', async () => {
    const t = start(PLUGIN);
    await t.answered();
    const { legId = '' } = t.session.state.context.leg ?? {};
    t.session.post({ type: 'verdict-revised', legId, callState: 9 });
    await settle();
    assert.deepEqual(t.plugins.told, [{ what: 'verdict-revised', callState: 9 }]);
    await t.session.stop('test');
    assert.deepEqual(t.plugins.stopped, ['ended']);
  });

  it('fails with its code, and the built-in treatment follows where that is configured', async () => {
    const t = start({ ...PLUGIN, onPluginError: 'builtin', customerConnectTreatment: undefined });
    await t.answered();
    t.plugins.listener?.failed('PLUGIN_BROKE', 'for the test');
    t.plugins.listener?.failed('PLUGIN_BROKE', 'again');
    await settle();
    assert.equal(t.session.state.name, 'waiting-for-agent');
    assert.deepEqual(t.plugins.stopped, ['failed']);
    await t.session.stop('test');
  });

  it('is never waited for in silence: comfort is heard until it plays something itself', async () => {
    const t = start(PLUGIN);
    await t.answered();
    assert.deepEqual(t.playing(), []);
    await t.clock.advance(5000);
    await settle();
    assert.deepEqual(t.playing(), ['/m/waiting.wav']);
    t.plugins.request?.call?.play([{ kind: 'file', file: 'a.wav' }]);
    await settle();
    assert.deepEqual(t.playing(), ['/m/a.wav']);
    t.telephony.plays.at(-1)?.end();
    await settle();
    await t.clock.advance(5000);
    await settle();
    assert.deepEqual(t.playing(), ['/m/waiting.wav']);
    await t.session.stop('test');
  });

  it('is asked about the number its own reply has put in place of the first', async () => {
    const t = start({ ...PLUGIN, maxDialAttempts: 2, dialRetryMs: 1000 });
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    assert.equal(t.plugins.request?.call, undefined);
    assert.equal(t.plugins.request?.parameters._interaction_id, undefined);
    const { listener } = t.plugins;
    const reply = { action: 'retry', message: 'OK', customer_number: '+44 20 7946 0018' };
    assert.equal(listener?.reply({ ...reply, customer_number: '+1 2' }).status, 400);
    assert.equal(listener?.reply({ ...reply, customer_number_prefix: '0900' }).status, 400);
    assert.equal(listener?.reply({ ...reply, customer_number_prefix: 91 }).status, 200);
    await settle();
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls[1]?.request.uri, 'sip:91442079460018@trunk');
    t.telephony.calls[1]?.fail(486);
    await settle();
    const { parameters } = t.plugins.request ?? {};
    assert.equal(parameters?._customer_number, '+442079460018');
    assert.equal(parameters?._dialed_number, '91442079460018');
    assert.equal(parameters?._dial_attempt, 2);
    await t.session.stop('test');
  });

  it('has a machine’s call where amDetected is connect, and none where it is drop', async () => {
    for (const amDetected of ['connect', 'drop'] as const) {
      const t = start({ ...PLUGIN, amDetected });
      await t.answered('machine');
      const { call, parameters, isAssociated } = t.plugins.request ?? {};
      const isKept = amDetected === 'connect';
      assert.equal(parameters?._call_state, 9);
      assert.equal(call?.facts.answeredBy, isKept ? 'machine' : undefined);
      assert.equal(parameters?._interaction_id !== undefined, isKept);
      assert.equal(isAssociated, isKept);
      t.plugins.listener?.reply({ action: 'cancel', message: 'OK' });
      assert.equal(await t.over(), 'CANCELLED');
    }
  });

  it('shows the agent the number of its reply where CPNDigits are configured', async () => {
    const t = start({ ...PLUGIN, cpnDigits: '5557777' });
    await t.answered();
    const reply = { action: 'route_to_agent', message: 'OK', customer_number: '+1 212 555 0199' };
    await t.plugins.request?.call?.detach();
    assert.equal(t.plugins.listener?.reply(reply).status, 200);
    await settle();
    assert.equal(t.telephony.calls[1]?.request.callerId, '+12125550199');
    await t.session.stop('test');
  });

  it('does not start when nothing runs plugins of its kind', async () => {
    const t = start(PLUGIN, { pluginRunner: 'ors' });
    await t.answered();
    assert.equal(await t.over(), 'FAIL_ERROR');
    assert.equal(t.plugins.request, undefined);
  });
});

describe('a VoiceXML page that holds a call', () => {
  it('is given the call and the same parameters, and its result decides', async () => {
    const t = start(PAGE);
    await t.answered();
    const { request, listener } = t.pages;
    assert.equal(request?.url, 'http://pages/v');
    assert.equal(request?.parameters._gms_service_id, 'cb-1');
    assert.ok(request?.call.isAttached);
    listener?.exited('{"action":"route_to_agent","message":"0k"}');
    await settle();
    assert.equal(t.session.state.name, 'waiting-for-agent');
    assert.deepEqual(t.pages.stopped, ['replied']);
    assert.equal(request?.call.revokedBy, 'replied');
    await t.session.stop('test');
  });

  it('is as if it were not there when its result cannot be carried out', async () => {
    const t = start(PAGE);
    await t.answered();
    t.pages.listener?.exited({ action: 'route_to_rp', message: 'nowhere' });
    await settle();
    assert.equal(t.session.state.name, 'waiting-for-agent', 'onVxmlError is builtin');
    assert.deepEqual(t.pages.stopped, ['failed']);
    await t.session.stop('test');
  });

  it('ends the callback when it breaks and onVxmlError is fail', async () => {
    const t = start({ ...PAGE, onVxmlError: 'fail' });
    await t.answered();
    t.pages.listener?.failed('VXML_BADFETCH', 'gone');
    t.pages.listener?.exited({ action: 'cancel', message: 'OK' });
    assert.equal(await t.over(), 'FAIL_ERROR');
  });

  it('is told of a hang-up, and may still say what becomes of the callback', async () => {
    const t = start(PAGE);
    const dialog = await t.answered();
    dialog.end('remote');
    await settle();
    assert.deepEqual(t.pages.told, [{ what: 'hung-up' }]);
    t.pages.listener?.exited({ action: 'cancel', message: 'interaction_deleted' });
    assert.equal(await t.over(), 'CANCELLED');
  });
});
