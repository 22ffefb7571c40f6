/** Pages on a held call: what becomes of prompts, of hang-ups, of results, and of threads. */
import assert from 'node:assert/strict';
import { virtualClock, type VirtualClock } from '../../src/adapters/clock/virtual-clock.js';
import type { FetchAnswer, FetchOrder } from '../../src/holder/fetcher.js';
import type { HeldCallCapabilities, Prompt } from '../../src/holder/held-call.js';
import type { HolderRun } from '../../src/holder/holder-run.js';
import type { PageListener, PageRequest } from '../../src/holder/page-runner.js';
import { SimulatedCall } from '../../src/holder/simulated-call.js';
import { EmbeddedPageRunner } from '../../src/vxml/embedded-page-runner.js';
import type { FromThread, ThreadPort, ToThread } from '../../src/vxml/worker/messages.js';
import type { PageLimits } from '../../src/vxml/limits.js';
import { PagePool } from '../../src/vxml/worker/pool.js';
import { serveThread } from '../../src/vxml/worker/thread.js';
import { documentOf } from './bed.js';

const URL_OF_PAGE = 'http://pages.example.com/page.vxml';

/** A thread in this thread, so that the clock is ours. */
function localThread(clock: VirtualClock): ThreadPort & { die(): void } {
  let toPool: (message: FromThread) => void = () => undefined;
  let toThread: (message: ToThread) => void = () => undefined;
  let onGone: (why: string) => void = () => undefined;
  let isAlive = true;
  serveThread(
    {
      post: (message) => queueMicrotask(() => isAlive && toPool(structuredClone(message))),
      onMessage: (handle) => (toThread = handle),
    },
    clock,
  );
  return {
    post: (message) => queueMicrotask(() => isAlive && toThread(structuredClone(message))),
    onMessage: (handle) => (toPool = handle),
    onGone: (handle) => (onGone = handle),
    processorMs: () => undefined,
    kill: async () => {
      isAlive = false;
    },
    die: () => {
      isAlive = false;
      onGone('it died');
    },
  };
}

interface Bed {
  readonly clock: VirtualClock;
  readonly call: SimulatedCall;
  readonly run: HolderRun;
  readonly actions: string[];
  readonly orders: FetchOrder[];
  readonly ends: string[];
  readonly trail: string[];
  readonly threads: readonly { die(): void }[];
  readonly pool: PagePool;
  /** Runs the page once more, on the same thread. @returns how it ended */
  readonly again: () => Promise<readonly string[]>;
}

async function start(
  page: string,
  options: {
    readonly capabilities?: HeldCallCapabilities;
    readonly unplayable?: readonly string[];
    readonly files?: Readonly<Record<string, string>>;
    readonly limits?: Partial<PageLimits>;
  } = {},
): Promise<Bed> {
  const clock = virtualClock();
  const [actions, ends, trail]: [string[], string[], string[]] = [[], [], []];
  const orders: FetchOrder[] = [];
  const threads: ReturnType<typeof localThread>[] = [];
  const pool = new PagePool({
    clock,
    limits: options.limits,
    newThread: () => {
      const thread = localThread(clock);
      threads.push(thread);
      return thread;
    },
  });
  await pool.warmUp();
  const call = new SimulatedCall({
    clock,
    facts: {
      interactionId: 'ixn-1',
      callId: 'call-1',
      callState: 0,
      answeredBy: 'human',
      customerNumber: '+447700900123',
      dialedNumber: '9447700900123',
      callerId: '4420',
      requestUri: 'sip:9447700900123@trunk',
      sipHeaders: { 'x-team': 'blue' },
    },
    capabilities: options.capabilities ?? { canSpeak: false, canRecord: false },
    lengthOf: (prompt: Prompt) =>
      prompt.kind === 'file' && (options.unplayable ?? []).includes(prompt.file)
        ? { why: 'MEDIA_MISSING: there is none' }
        : 1000,
    onAction: (what, detail) => actions.push(`${what} ${detail}`),
  });
  const fetch = (order: FetchOrder): Promise<FetchAnswer> => {
    orders.push(order);
    const name = order.url.replace(/\?.*$/, '');
    const text = name === URL_OF_PAGE ? documentOf(page) : options.files?.[name];
    return Promise.resolve({
      kind: 'answer',
      status: text === undefined ? 404 : 200,
      headers: { 'set-cookie': 'JSESSIONID=1; Path=/' },
      body: Buffer.from(text ?? ''),
      url: order.url,
    });
  };
  const runner = new EmbeddedPageRunner({
    pool,
    fetcher: { fetch },
    readFile: () => Promise.resolve(Buffer.from('RIFF')),
    newId: () => 'id',
  });
  const request: PageRequest = {
    url: URL_OF_PAGE,
    call,
    parameters: {
      _call_state: 0,
      _call_state_name: 'Ok',
      _interaction_id: 'ixn-1',
      _customer_number: '+447700900123',
      _dialed_number: '9447700900123',
      _gms_service_id: 'cb-1',
      _ors_service_id: 'ors-1',
      _user_data: { colour: 'blue' },
      _dial_attempt: 2,
      _ttl: 60,
    },
    ttlMs: 60_000,
    refuseTransfer: (destination) =>
      destination === 'sip:desk@pbx' || destination === '+15551234' ? undefined : 'not allowed',
  };
  const listenerOf = (list: string[]): PageListener => ({
    exited: (result) => list.push(`exited ${JSON.stringify(result) ?? 'nothing'}`),
    failed: (code, why) => list.push(`failed ${code}: ${why}`),
    trail: (what, detail) => trail.push(`${what} ${detail ?? ''}`),
  });
  const run = runner.start(request, listenerOf(ends));
  await clock.advance(0);
  const again = async (): Promise<readonly string[]> => {
    const list: string[] = [];
    runner.start(request, listenerOf(list));
    await clock.advance(0);
    return list;
  };
  return { clock, call, run, actions, orders, ends, trail, threads, pool, again };
}

const ASK = `<form><field name="a" type="digits?length=1"><prompt><audio src="media:ask.wav"/></prompt></field>`;

describe('A VoiceXML page on a held call', () => {
  it('plays files of the media folder and of its own server', async () => {
    const { actions } = await start(
      `<form><field name="a" type="digits"><prompt><audio src="media:x/a.wav"/><break time="300ms"/><audio src="b.wav"/></prompt></field></form>`,
    );
    assert.match(
      actions[0] ?? '',
      /^play x\/a\.wav, .*300.*, http:\/\/pages\.example\.com\/b\.wav/,
    );
  });

  it('gives its result as an object, as JSON text, name by name, or by expr', async () => {
    for (const exit of [
      `<var name="treatment_result" expr="{ action: 'cancel' }"/><exit namelist="treatment_result"/>`,
      `<var name="treatment_result" expr="{ action: 'cancel' }"/><exit namelist="treatment_result.action"/>`,
      `<exit expr="{ action: 'cancel' }"/>`,
    ]) {
      const { ends } = await start(`<form><block>${exit}</block></form>`);
      assert.deepEqual(ends, ['exited {"action":"cancel"}']);
    }
    const text = await start(
      `<form><block><var name="treatment_result" expr="'{}'"/><exit namelist="treatment_result"/></block></form>`,
    );
    assert.deepEqual(text.ends, ['exited "{}"']);
  });

  it('tells the parameters in the session and in the query of the first address', async () => {
    const { ends, orders } = await start(
      `<form><block><exit expr="[session._dial_attempt, session._user_data.colour, session.connection.remote.uri, session.connection.protocol.sip.headers['x-team'], session.connection.protocol.sip.requesturi._ttl]"/></block></form>`,
    );
    assert.deepEqual(ends, ['exited [2,"blue","tel:+447700900123","blue","60"]']);
    const query = new URL(orders[0]?.url ?? '').searchParams;
    assert.equal(query.get('_gms_service_id'), 'cb-1');
    assert.equal(query.get('_user_data'), '{"colour":"blue"}');
  });

  it('tells the attached data where pages of Genesys Composer look for it', async () => {
    const { ends } = await start(
      `<form><block><exit expr="[session.com.genesyslab.userdata['colour'], session.com.genesyslab.sessionid]"/></block></form>`,
    );
    assert.deepEqual(ends, ['exited ["blue","ixn-1"]']);
  });

  it('keeps engines ready, of which one page leaves nothing to the next', async () => {
    const page = `<form><block><script>var seen = typeof left + typeof session.left; left = 1; Object.prototype.left = 2;</script><exit expr="seen"/></block></form>`;
    const { clock, pool, again } = await start(page);
    for (let round = 0; round < 8; round++) {
      await clock.advance(1000);
      assert.deepEqual(await again(), ['exited "undefinedundefined"']);
    }
    assert.equal(pool.sessions, 0);
  });

  it('stops the prompt at the key', async () => {
    const { call, clock, ends } = await start(`${ASK}<block><exit expr="a"/></block></form>`);
    await clock.advance(200);
    call.press('7');
    await clock.advance(0);
    assert.deepEqual(ends, ['exited "7"']);
  });

  it('says digits in recorded fragments where there is no voice', async () => {
    const { actions } = await start(
      `<form><block><prompt>1 2 <say-as interpret-as="number">21</say-as></prompt></block></form>`,
    );
    assert.deepEqual(actions, ['play say/en/1.wav, say/en/2.wav, say/en/20.wav, say/en/1.wav']);
  });

  it('takes fragments of the language of the page', async () => {
    const { actions } = await start(
      `<vxml version="2.1" xml:lang="de-DE"><form><block>7</block></form></vxml>`,
    );
    assert.deepEqual(actions, ['play say/de/7.wav']);
  });

  it('speaks text where there is a voice', async () => {
    const { actions } = await start(`<form><block>hello</block></form>`, {
      capabilities: { canSpeak: true, canRecord: false },
    });
    assert.match(actions[0] ?? '', /hello/);
  });

  it('has error.unsupported.speech for text where there is none', async () => {
    const { ends } = await start(
      `<form><field name="a" type="digits"><prompt>hello</prompt></field><catch event="error.unsupported.speech"><exit expr="_event"/></catch></form>`,
    );
    assert.deepEqual(ends, ['exited "error.unsupported.speech"']);
  });

  it('plays the content of audio that cannot be played, and what follows it', async () => {
    const { clock, actions } = await start(
      `<form><block><audio src="media:no.wav"><audio src="media:b.wav"/></audio><audio src="media:c.wav"/></block></form>`,
      { unplayable: ['no.wav'] },
    );
    await clock.advance(5000);
    assert.deepEqual(actions, ['play b.wav', 'play c.wav']);
  });

  it('passes over audio that cannot be played and has no content, and tells the operator', async () => {
    const { clock, actions, ends, trail } = await start(
      `<form><block><audio src="media:no.wav"/><audio src="media:c.wav"/><exit expr="1"/></block></form>`,
      { unplayable: ['no.wav'] },
    );
    await clock.advance(5000);
    assert.deepEqual(actions, ['play c.wav']);
    assert.deepEqual(ends, ['exited 1']);
    assert.ok(
      trail.some((line) => line.startsWith('page-sound-missing')),
      trail.join('\n'),
    );
  });

  it('has error.unsupported.record where calls are not recorded', async () => {
    const { ends } = await start(
      `<form><record name="r"/><catch event="error.unsupported.record"><exit expr="_event"/></catch></form>`,
    );
    assert.deepEqual(ends, ['exited "error.unsupported.record"']);
  });

  it('is told of a hang-up and may still leave a result', async () => {
    const { call, run, clock, ends } = await start(
      `${ASK}</form><catch event="connection.disconnect.hangup"><exit expr="{ action: 'retry', message: 'interaction_deleted' }"/></catch>`,
    );
    await clock.advance(300);
    call.revoke('hung-up');
    run.tell({ what: 'hung-up' });
    await clock.advance(0);
    assert.deepEqual(ends, ['exited {"action":"retry","message":"interaction_deleted"}']);
  });

  it('gives the customer away by a blind transfer, whatever it says afterwards', async () => {
    const { ends } = await start(
      `<form><transfer dest="sip:desk@pbx"/><catch event="connection.disconnect.transfer"><exit expr="{ action: 'cancel' }"/></catch></form>`,
    );
    assert.deepEqual(ends, ['exited {"action":"route_to_rp","message":"sip:desk@pbx"}']);
    const byNumber = await start(`<form><transfer dest="tel:+1-555-1234"/></form>`);
    assert.deepEqual(byNumber.ends, ['exited {"action":"route_to_rp","message":"+15551234"}']);
  });

  it('attaches the aai of a blind transfer to the call', async () => {
    const { actions } = await start(
      `<form><transfer dest="sip:desk@pbx" aaiexpr="'order ' + 7"/></form>`,
    );
    assert.deepEqual(actions, ['data {"aai":"order 7"}']);
  });

  it('gives no customer away who has hung up meanwhile', async () => {
    const { call, run, clock, ends } = await start(
      `<form><transfer dest="sip:desk@pbx"><prompt><audio src="media:connect.wav"/></prompt></transfer></form><catch event="connection.disconnect.hangup"><exit expr="{ action: 'cancel' }"/></catch>`,
    );
    await clock.advance(300);
    call.revoke('hung-up');
    run.tell({ what: 'hung-up' });
    await clock.advance(0);
    assert.deepEqual(ends, ['exited {"action":"cancel"}']);
  });

  it('has error.connection.noauthorization for a destination that is not allowed', async () => {
    const { ends } = await start(
      `<form><transfer dest="sip:+900123@premium.example"/><catch event="error.connection"><exit expr="_event"/></catch></form>`,
    );
    assert.deepEqual(ends, ['exited "error.connection.noauthorization"']);
  });

  it('has error.unsupported.transfer for a transfer it would have to wait for', async () => {
    const { ends } = await start(
      `<form><transfer dest="sip:desk@pbx" bridge="true"/><catch event="error.unsupported.transfer.bridge"><exit expr="_event"/></catch></form>`,
    );
    assert.deepEqual(ends, ['exited "error.unsupported.transfer.bridge"']);
  });

  it('fails with the event that nobody caught', async () => {
    const { ends } = await start(`<form><block><throw event="error.mine"/></block></form>`);
    assert.deepEqual(ends, ['failed VXML_UNCAUGHT: error.mine']);
  });

  it('fails when it is refused', async () => {
    const { ends } = await start(`<form><block><goto/></block></form>`);
    assert.match(ends[0] ?? '', /^failed VXML_BADFETCH: error\.badfetch: .*page\.vxml.*<goto>/);
  });

  it('fails with the code of a limit', async () => {
    const { clock, ends } = await start(`<form id="a"><block><goto next="#a"/></block></form>`, {
      limits: { stepsWithoutInput: 500 },
    });
    await clock.advance(1000);
    assert.match(ends[0] ?? '', /^failed VXML_TOO_MANY_STEPS/);
  });

  it('ends when it is stopped, and leaves nothing behind', async () => {
    const { clock, run, ends, pool } = await start(`${ASK}</form>`);
    await clock.advance(100);
    await run.stop('timeout');
    await clock.advance(1000);
    assert.match(ends[0] ?? '', /^failed VXML_STOPPED/);
    assert.equal(pool.sessions, 0);
  });

  it('ends when its thread is lost, and the next one gets a new thread', async () => {
    const { clock, ends, threads, pool } = await start(`${ASK}</form>`);
    threads.at(-1)?.die();
    await clock.advance(0);
    assert.match(ends[0] ?? '', /^failed VXML_WORKER_LOST/);
    await pool.warmUp();
    assert.equal(threads.length, 3);
  });

  it('sends what was recorded as a file', async () => {
    const { clock, call, orders } = await start(
      `<form><record name="r" maxtime="2s"/><block><submit next="up.vxml" method="post" enctype="multipart/form-data" namelist="r"/></block></form>`,
      {
        capabilities: { canSpeak: false, canRecord: true },
        files: { 'http://pages.example.com/up.vxml': documentOf('<form/>') },
      },
    );
    assert.ok(!call.revokedBy);
    await clock.advance(5000);
    const { body, headers } = orders[1] ?? {};
    assert.equal(headers?.['content-type'], 'multipart/form-data; boundary=dialback-id');
    assert.match(
      String(body),
      /name="r"; filename="recording\.wav"\r\nContent-Type: audio\/x-wav\r\n\r\nRIFF/,
    );
  });

  it('sends the cookies of its session back', async () => {
    const { orders } = await start(
      `<form><block><script src="f.js"/><goto next="next.vxml"/></block></form>`,
      {
        files: {
          'http://pages.example.com/f.js': '1',
          'http://pages.example.com/next.vxml': documentOf('<form/>'),
        },
      },
    );
    assert.deepEqual(
      orders.map(({ headers }) => headers?.cookie),
      [undefined, 'JSESSIONID=1', 'JSESSIONID=1'],
    );
  });
});
