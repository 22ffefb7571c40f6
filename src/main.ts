/**
 * Start-up only: configuration to adapters to a running service, and back down again. Which engine
 * is in use is known here and nowhere above: from `connectFleet` on there is one code path.
 */
import { systemClock } from './adapters/clock/system-clock.js';
import { recordingShelf, shelfFolder } from './adapters/holder/recording-shelf.js';
import { purgeRecordings } from './adapters/media/purge-recordings.js';
import { createSpeech } from './adapters/media/speech.js';
import { shareMedia } from './adapters/media/shared-folder.js';
import { DoNotCallFile } from './adapters/numbers/do-not-call-file.js';
import { systemRandom } from './adapters/random.js';
import { readCertificate, renewCertificate } from './adapters/http/certificate.js';
import { startPlugins } from './adapters/plugin/start-plugins.js';
import { productVersion } from './cli/version.js';
import type { DialbackConfig } from './config/config.js';
import { wavLengthMs } from './config/wav-header.js';
import { shownConfig } from './config/shown-config.js';
import { LiveConfig, logReload, type Reload } from './config/reload-config.js';
import { governedTelephony } from './dial/governed-telephony.js';
import { leasedSip } from './dial/leased-sip.js';
import { NO_LIMITS, SetUpGovernor } from './dial/set-up-governor.js';
import { inboundDesk } from './inbound/inbound-desk.js';
import type { Log } from './ports.js';
import { openStore } from './open-store.js';
import { LineFile } from './adapters/report/line-file.js';
import { behindAll } from './request/genesys-position.js';
import { createAnnouncing } from './report/announcing.js';
import { CallMetrics } from './report/call-metrics.js';
import { AgentHolds } from './handoff/agent-holds.js';
import { AgentMemory } from './handoff/agent-memory.js';
import { QueueDesk } from './handoff/queue-desk.js';
import { recordingParts } from './handoff/recording-name.js';
import type { QueuePlans } from './handoff/queue/plans.js';
import { Counters } from './report/counters.js';
import type { Everywhere } from './request/allow-list.js';
import { createApi } from './request/callback-api.js';
import type { CallbackRecord, CancelledBy } from './schedule/callback-store.js';
import { startRetention } from './schedule/retention.js';
import { ClockWatch } from './schedule/clock-watch.js';
import { holdOf } from './schedule/hold-reason.js';
import { Scheduler } from './schedule/scheduler.js';
import { TakeOver } from './take-over.js';
import { CleanUp } from './clean-up.js';
import { startAnalyser } from './start-analyser.js';
import { changeServers, startTelephony } from './start-telephony.js';
import { isMediaShared } from './telephony-sites.js';
import { createHost } from './create-host.js';

export interface Dialback {
  /** Base URL of the HTTP API. */
  readonly url: string;
  /** Everything in the air, by kind; all zero when idle. For the leak check. */
  counts(): Promise<Record<string, number>>;
  /** The configuration in force. */
  readonly config: DialbackConfig;
  /** Reads the configuration's file again, applies it whole or not at all, and logs the difference. */
  reload(): Promise<Reload>;
  /** Takes no more work, waits for live calls (at most `shutdown.drainTimeout`), gives everything back. */
  stop(drainMs?: number): Promise<void>;
  /** Ends every call now; for a shutdown that must not wait. */
  hangUpAll(): Promise<void>;
}

/** @throws Error when an engine, the store or the listener cannot be started; nothing is left behind */
export async function startDialback(config: DialbackConfig, log: Log): Promise<Dialback> {
  const cleanUp = new CleanUp();
  try {
    return await start(config, log, cleanUp);
  } catch (error) {
    await cleanUp.run();
    throw error;
  }
}

async function start(config: DialbackConfig, log: Log, cleanUp: CleanUp): Promise<Dialback> {
  const clock = systemClock();
  const random = systemRandom();
  const live = new LiveConfig(config);
  const counters = new Counters();
  const metrics: CallMetrics = new CallMetrics({
    held: () => setUps.heldCounts(),
    inTheAir: () => ({
      ...telephony.counts(),
      ...setUps.counts(),
      sessions: host.count,
      owedEnds: host.owedEnds,
    }),
    queues: () => desk.queues(),
    agents: () => desk.agents(),
    servers: () => telephony.servers(),
    trunks: () => host.trunkWatch.states(),
    open: async () => (await store.stats()).open,
    paused: () => store.paused(),
    isReady: () => isReady(),
  });
  let isStopping = false;
  const checks = () => ({
    store: store.isWritable,
    signalling: telephony.sip.isConnected,
    media: telephony.media.isConnected,
    notDraining: !isStopping,
  });
  const isReady = () => Object.values(checks()).every(Boolean);
  const opening = openStore(config.store).then((store) => cleanUp.add(store, () => store.close()));
  const [store, { telephony, engineCounts }, analyser] = await together([
    opening,
    opening.then(async (opened) =>
      startTelephony(config, log, clock, cleanUp, await opened.ownerId()),
    ),
    startAnalyser(config, log).then((pool) => cleanUp.add(pool, () => pool.stop())),
  ]);
  const mayDial = () => store.shared?.mayDial() ?? true;
  const setUps = new SetUpGovernor({
    clock,
    limits: () => telephony.media.setUpLimits ?? NO_LIMITS,
  });
  const share = () =>
    shareMedia({ media: live.current.media, isShared: isMediaShared(live.current), log });
  let folders = await share();
  let listeningAt = '';
  const plugins = startPlugins({
    clock,
    log,
    config: () => live.current,
    baseUrl: () => live.current.http.publicUrl ?? listeningAt,
  });
  cleanUp.add(plugins, () => plugins.close());
  const doNotCall = await DoNotCallFile.open({
    file: () => live.current.dialling.doNotCallFile,
    clock,
    log,
  });
  cleanUp.add(doNotCall, () => doNotCall.stop());
  const everywhere: Everywhere = {
    get allowedCountries() {
      return live.current.dialling.allowedCountries;
    },
    doNotCall,
  };
  const isShared = store.shared !== undefined;
  const holds = new AgentHolds({ store, clock, log });
  cleanUp.add(holds, () => Promise.resolve(holds.stop()));
  const desk = new QueueDesk(
    {
      clock,
      log,
      isShared,
      ...(isShared && { holds }),
      onExit: (exit) => metrics.queues.left(exit),
      onAgentChanged: (name) => {
        setUps.poke();
        void agents.note(name);
      },
      keepAgent: (name) => agents.note(name, { durable: true }),
    },
    plansOf(config),
  );
  cleanUp.add(desk, () => Promise.resolve(desk.stop()));
  const agents: AgentMemory = new AgentMemory({ store, desk, clock, log, isShared });
  cleanUp.add(agents, () => agents.stop());
  const recordFile = new LineFile(() => live.current.callRecords, log);
  const { announcer, events, notifier, records } = createAnnouncing({
    config: () => live.current,
    baseUrl: () => live.current.http.publicUrl ?? listeningAt,
    fetcher: plugins.fetcher,
    ...{ store, clock, random, log, metrics },
    records: recordFile,
    standing: (serviceName) => {
      const position = behindAll(desk, live.current.services[serviceName]);
      return position && { position: position.position, ewtMs: position.ewtMs ?? undefined };
    },
  });
  cleanUp.add(records, () => records.settled().then(() => recordFile.close()));
  cleanUp.add(notifier, () => notifier.stop());
  const speech = await createSpeech({
    ...live.current.speech,
    cacheDirectory: () => folders.cacheDirectory,
  });
  const { host, inbound } = createHost(live, () => folders, {
    speech,
    fetcher: plugins.fetcher,
    records,
    announcer,
    everywhere,
    desk,
    store,
    telephony: governedTelephony(telephony, setUps, leasedSip(telephony.sip, mayDial)),
    holders: {
      ...plugins,
      lengthMs: wavLengthMs,
      shelf: recordingShelf(config.media.exchangeDirectory),
    },
    setUps,
    analyser,
    clock,
    random,
    log,
    counters,
    metrics,
    onSessionEnded: () => scheduler.roomCame(),
    onLineLeft: () => scheduler.roomCame(),
  });
  cleanUp.add(host.trunkWatch, (watch) => watch.close());
  const scheduler: Scheduler = new Scheduler({
    store,
    clock,
    log,
    freeCapacity: () => capacityOf(live.current) - host.load.total,
    roomOf: (name) => host.roomOf(name),
    onRound: (isOpen) => host.noteOpen(isOpen),
    isReady,
    startSession: (record) => host.start(record),
  });
  let couldCall = true;
  telephony.onStateChange((isUp, why) => {
    const { isConnected } = telephony.media;
    if (isConnected !== couldCall) {
      const what = isConnected ? 'calls can be made again' : 'no call can be made';
      log[isConnected ? 'info' : 'error']({ why }, what);
    }
    couldCall = isConnected;
    if (isUp) for (const waiting of [scheduler, setUps, host.trunkWatch]) waiting.poke();
  });
  const apiParts = {
    store: announcer.watched(store),
    events,
    configuration: {
      shown: () => shownConfig(live.current),
      preview: () => live.preview(),
      reload: () => reload(),
    },
    pokeNotifier: () => notifier.poke(),
    get config() {
      return live.current;
    },
    clock,
    random,
    log,
    version: productVersion(),
    counters,
    metrics,
    everywhere,
    heldBecause: (record: CallbackRecord) =>
      holdOf(record, {
        nowMs: clock.nowMs(),
        isWritable: store.isWritable,
        isReady: isReady(),
        inLine: host.heldBecause(record.id),
        room: host.roomOf(record.serviceName),
      }),
    queues: desk,
    trunks: host.trunkWatch,
    desk: plugins.desk,
    sessions: plugins.sessions,
    poke: () => scheduler.poke(),
    cancelLive: (id: string, by: CancelledBy) => host.cancel(id, by),
    isReady,
    checks,
    owedEnds: () => host.owedEnds,
    tls: await readCertificate(config.http.tls),
  };
  const api = createApi(apiParts);
  const takesCalls = inboundDesk({
    ...{ store: apiParts.store, clock, log, cancelLive: apiParts.cancelLive, line: inbound },
    get config() {
      return live.current;
    },
  });
  cleanUp.add(api, () => api.close());
  store.onRecovered(() => log.info({}, 'the store takes writes again: calls can be made'));
  store.onFailure(({ code, message }) => log.error({ code, why: message }, 'store cannot write'));
  // What a dead process left comes first: a request may be about one of these.
  const endOwnedBy = (ownerId: string) => telephony.media.endOwnedBy(ownerId);
  const takeOver = new TakeOver({
    ...{ store, telephony, clock, log, host, inbound, endOwnedBy, records, metrics },
  });
  cleanUp.add(takeOver, () => takeOver.stop());
  await agents.start();
  await takeOver.start();
  // No sooner: until then every leg in the ledger is one that a dead process left.
  telephony.onInbound(takesCalls);
  const url = await api.listen({ host: config.http.host, port: config.http.port });
  listeningAt = url;
  host.trunkWatch.configure(live.current.trunks);
  scheduler.start();
  const watch = new ClockWatch({ clock, store, log, poke: () => scheduler.poke() });
  watch.start();
  notifier.start();
  const { retentionDays } = config.store;
  const retention = {
    ...{ store, clock, log, retentionDays },
    purgeRecordings: (nowMs: number) =>
      purgeRecordings(recordingsOf(live.current), live.current.recordings, nowMs),
  };
  cleanUp.add(startRetention(retention), (stop) => stop());

  const reload = async (): Promise<Reload> => {
    const outcome = await live.reload();
    logReload(log, outcome);
    if (outcome.kind === 'applied') {
      folders = await share();
      await doNotCall.look();
      desk.configure(plansOf(live.current));
      await agents.reloaded();
      host.trunkWatch.configure(live.current.trunks);
      await renewCertificate(api.server, live.current.http.tls, log);
      await changeServers(live.current, telephony, log);
      events.publish({ type: 'reloaded', data: { changes: outcome.changes.length } });
      scheduler.poke();
    }
    return outcome;
  };

  return {
    url,
    get config() {
      return live.current;
    },
    reload,
    counts: async () => ({
      ...telephony.counts(),
      ...(await engineCounts()),
      sessions: host.count,
      inboundCalls: inbound.count,
      ...setUps.counts(),
      pluginSessions: plugins.desk.openCount,
      scxmlSessions: plugins.sessions.runningCount,
      pageSessions: plugins.pageCount(),
      ...desk.counts(),
      dialLocks: (await store.stats()).dialLockCount,
    }),
    hangUpAll: async () => void (await Promise.all([host.drain(0), inbound.drain(0)])),
    stop: async (drainMs = live.current.shutdown.drainTimeoutMs) => {
      isStopping = true;
      watch.stop();
      await scheduler.stop();
      await Promise.all([host.drain(drainMs), inbound.drain(drainMs)]);
      setUps.stop();
      const problems = await cleanUp.run();
      if (problems.length > 0) log.warn({ problems }, 'not everything was closed in order');
    },
  };
}

/** Like Promise.all, but a failure waits for the others: what they started has to be undone too. */
async function together<T extends readonly Promise<unknown>[]>(promises: readonly [...T]) {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/** Of conversations, and of plugins and pages. */
function recordingsOf({ media, services }: DialbackConfig) {
  const templates = Object.values(services).flatMap(({ handoff }) => handoff.recording ?? []);
  const all = new Set([`${shelfFolder(media.exchangeDirectory)}/{callbackId}.wav`, ...templates]);
  return [...all].flatMap((template) => {
    const parts = recordingParts(template);
    return parts ? [parts] : [];
  });
}

function plansOf({ agents, queues }: DialbackConfig): QueuePlans {
  return { agents: Object.values(agents), queues: Object.values(queues) };
}

function capacityOf({ trunks }: DialbackConfig): number {
  // Without a trunk a dial ends at once in call state 41: nothing has to be held back.
  if (trunks.length === 0) return 100;
  return trunks.reduce((sum, trunk) => sum + trunk.maxConcurrentCalls, 0);
}
