import assert from 'node:assert/strict';
import { settle } from './fakes/fake-telephony.js';
import { startSession } from './callback-session-bed.js';

describe('CallbackSession', () => {
  it('takes a human from the dial through the connect treatment to an agent', async () => {
    const t = startSession();
    await settle();
    const customer = t.telephony.calls[0];
    assert.equal(customer?.request.uri, 'sip:+15550100@trunk');
    const dialog = customer?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    assert.deepEqual(t.playing()[0]?.files, ['/m/connect.wav']);
    const agent = t.telephony.calls[1];
    assert.equal(agent?.request.uri, 'sip:support@pbx', 'queued while the treatment plays');
    agent?.answer();
    await settle();
    assert.equal(t.telephony.endpoints[0]?.bridgedTo, undefined, 'the file is heard to its end');
    t.playing()[0]?.end();
    await settle();
    assert.equal(t.telephony.endpoints[0]?.bridgedTo, t.telephony.endpoints[1]);
    assert.equal(t.session.state.name, 'connected');
    dialog?.end('remote');
    assert.equal(await t.over(), 'AGENT_CONNECTED');
  });

  it('hangs both sides up when the conversation has lasted for conversationMaxMs', async () => {
    const t = startSession({ conversationMaxMs: 60_000, customerConnectTreatment: undefined });
    await settle();
    const customer = t.telephony.calls[0]?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    const agent = t.telephony.calls[1]?.answer();
    await settle();
    assert.equal(t.session.state.name, 'connected');
    await t.clock.advance(59_999);
    await settle();
    assert.equal(t.session.state.name, 'connected');
    await t.clock.advance(1);
    assert.equal(await t.over(), 'AGENT_CONNECTED');
    assert.deepEqual([customer?.hasEnded, agent?.hasEnded], [true, true]);
    const end = t.logged.at(-1) as { row: string; because: string };
    assert.equal(end.row, 'connected.too-long');
    assert.equal(end.because, 'conversationMaxMs is 60000');
  });

  it('has the call analysed by the profile and the numbers of the service', async () => {
    const t = startSession();
    const cpdRules = {
      timing: { machineSpeechMs: 4000 },
      appAmd: { greetingMs: 1200 },
      gvp: { voicePauseMs: 900 },
    };
    t.config.service = { ...t.config.service, cpdProfile: 'app-amd', cpdRules };
    await settle();
    const [analysis] = t.analyser.opened;
    assert.equal(analysis?.request.profile, 'app-amd');
    const { timing, appAmd, gvp } = analysis.request;
    assert.deepEqual({ timing, appAmd, gvp }, cpdRules);
  });

  it('has the customer’s call watched for RTP as the service says, and ends a conversation without', async () => {
    const t = startSession({ customerConnectTreatment: undefined });
    t.config.service = { ...t.config.service, mediaSilenceMaxMs: 60_000 };
    await settle();
    const customer = t.telephony.calls[0]?.answer();
    await settle();
    assert.equal(t.telephony.endpoints[0]?.watchedForMs, 60_000);
    t.analyser.opened[0]?.decide('human');
    await settle();
    t.telephony.calls[1]?.answer();
    await settle();
    assert.equal(t.session.state.name, 'connected');
    t.telephony.endpoints[0]?.vanish();
    assert.equal(await t.over(), 'AGENT_CONNECTED');
    assert.equal(customer?.hasEnded, true);
    const end = t.logged.at(-1) as { because: string };
    assert.equal(end.because, 'the call was lost (media)');
  });

  it('takes a revised verdict while a file plays: the agent is let go, the machine gets its message', async () => {
    const machine = { file: 'machine.wav', afterBeep: false, interruptible: false };
    const t = startSession({ answeringMachineTreatment: machine, maxDialAttempts: 1 });
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    const [analysis] = t.analyser.opened;
    analysis?.decide('human');
    await settle();
    assert.deepEqual(t.playing()[0]?.files, ['/m/connect.wav']);
    const why = 'went on to speak';
    analysis?.say({ type: 'revised', from: 'human', verdict: 'machine', atMs: 5000, reason: why });
    await settle();
    assert.ok(t.telephony.calls[1]?.cancelledWith, 'the agent does not ring any more');
    assert.deepEqual(
      t.playing().map(({ files }) => files),
      [['/m/machine.wav']],
    );
    const revised = t.store.commits.find(({ change }) => change.attempt?.cpdReason === why);
    assert.equal(revised?.change.attempt?.callState, 9);
    t.playing()[0]?.end();
    await t.over();
  });

  it('loops the waiting treatment until the agent is there', async () => {
    const t = startSession({ customerConnectTreatment: undefined });
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    assert.deepEqual(t.playing()[0]?.files, ['/m/waiting.wav']);
    assert.equal(t.playing()[0]?.loop, true);
    t.telephony.calls[1]?.answer();
    await settle();
    assert.deepEqual(t.playing(), [], 'stopped before the bridge');
    assert.ok(t.telephony.endpoints[0]?.bridgedTo);
    t.telephony.calls[1]?.dialog?.end('remote');
    assert.equal(await t.over(), 'AGENT_CONNECTED');
  });

  it('goes on as if a treatment were off when its file is missing', async () => {
    const t = startSession({
      customerConnectTreatment: { file: 'missing.wav', afterBeep: false, interruptible: false },
    });
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    assert.deepEqual(t.playing()[0]?.files, ['/m/waiting.wav']);
    t.telephony.calls[0]?.dialog?.end('remote');
    assert.equal(await t.over(), 'FAIL_INTERACTION_DELETED');
  });

  it('says that plugins are not built instead of leaving a customer in silence', async () => {
    const t = startSession({ pluginOnDialUrl: 'http://plugins.example.net/entry.scxml' });
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    assert.equal(await t.over(), 'FAIL_ERROR');
    const said = JSON.stringify(t.store.commits);
    assert.match(said, /CBD_PLUGIN_NO_RUNNER/);
  });

  it('gives everything back at shutdown and leaves the snapshot for a restart', async () => {
    const t = startSession();
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    const { rows } = t.store;
    await t.session.stop('shutdown');
    assert.deepEqual(t.telephony.counts(), { endpoints: 0, dialogs: 0 });
    t.setUps.stop();
    assert.equal(t.clock.pendingCount, 0);
    assert.deepEqual(t.store.rows, rows, 'nothing is decided at shutdown');
    const { change } = t.store.commits.findLast((commit) => commit.change.leg) ?? {};
    assert.equal(change?.leg?.kind, 'over', 'and nothing is left for the next process to end');
  });

  it('ends without a conversation when the customer leaves before the two are connected', async () => {
    const t = startSession({ customerConnectTreatment: undefined });
    await settle();
    const dialog = t.telephony.calls[0]?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    const customer = t.telephony.endpoints[0];
    assert.ok(customer);
    customer.bridge = () => new Promise(() => {});
    t.telephony.calls[1]?.answer();
    await settle();
    assert.equal(t.session.state.name, 'connected');
    dialog?.end('remote');
    assert.equal(await t.over(), 'FAIL_INTERACTION_DELETED');
  });

  it('takes the customer back to waiting when the agent leaves before the two are connected', async () => {
    const t = startSession({ customerConnectTreatment: undefined });
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    const customer = t.telephony.endpoints[0];
    assert.ok(customer);
    // The bridge is on its way when the agent's BYE arrives.
    customer.bridge = () => new Promise(() => {});
    const agent = t.telephony.calls[1]?.answer();
    await settle();
    assert.equal(t.session.state.name, 'connected');
    agent?.end('remote');
    await settle();
    assert.equal(t.session.state.name, 'waiting-for-agent');
    assert.equal(t.telephony.liveDialogs, 1, 'only the customer is up');
    assert.equal(t.telephony.calls.length, 3, 'another agent is looked for');
    await t.session.stop('enough seen');
    assert.deepEqual(t.telephony.counts(), { endpoints: 0, dialogs: 0 });
  });
});
