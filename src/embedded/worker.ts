/**
 * The engine's thread: two SIP endpoints (the agent's and the media server's), the drachtio control
 * port and the FreeSWITCH event socket. Media is paced here, so nothing else may run in this thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { DrachtioServer } from './drachtio/server.js';
import { Faults } from './faults.js';
import { FreeSwitchServer } from './freeswitch/server.js';
import type { EngineMessage, EngineRequest, EngineStats, WorkerData } from './options.js';
import { SipStack, type LogFunction } from './sip/stack.js';

const { settings, hasFaults } = workerData as WorkerData;
/** Only in tests; without them nothing stands between the engine and the network. */
const faults = hasFaults ? new Faults() : undefined;

function post(message: EngineMessage): void {
  parentPort?.postMessage(message);
}

const onLog: LogFunction = (level, msg, fields) => {
  post({ kind: 'log', line: { level, msg, ...(fields ? { fields } : {}) } });
};

const { sipHost, sipPort, sipPublicHost: publicHost, t1Ms, hosts, adminHost } = settings;
const agentStack = new SipStack({
  ...{ host: sipHost, port: sipPort, publicHost, t1Ms, hosts, onLog },
  gates: faults?.gates('sip'),
});
/** The media server answers the agent here, whatever address the agent tells the world. */
const agentHere = sipHost === '0.0.0.0' ? '127.0.0.1' : sipHost;
const mediaHosts = publicHost ? { [publicHost]: agentHere } : {};
const mediaStack = new SipStack({ host: '127.0.0.1', t1Ms, hosts: mediaHosts, onLog });
const drachtio = new DrachtioServer({
  stack: agentStack,
  host: adminHost,
  port: settings.drachtioPort,
  secret: settings.drachtioSecret,
  gates: faults?.gates('drachtio'),
  onLog,
});
const freeswitch = new FreeSwitchServer({
  stack: mediaStack,
  host: adminHost,
  port: settings.freeswitchPort,
  secret: settings.freeswitchSecret,
  rtpHost: settings.rtpHost,
  soundsDirectory: settings.soundsDirectory,
  audioFork: settings.audioFork,
  gates: faults && { esl: faults.gates('esl'), rtp: faults.gates('rtp') },
  onLog,
});

async function start(): Promise<void> {
  await agentStack.start();
  await mediaStack.start();
  await drachtio.start();
  await freeswitch.start();
  post({
    kind: 'started',
    addresses: {
      drachtio: { host: adminHost, port: drachtio.port },
      freeswitch: { host: adminHost, port: freeswitch.eslPort },
      sip: { host: agentStack.host, port: agentStack.port },
    },
  });
}

async function stop(): Promise<void> {
  faults?.clear();
  await drachtio.stop();
  await freeswitch.stop();
  await agentStack.stop();
  await mediaStack.stop();
}

function stats(): EngineStats {
  const [agent, media] = [agentStack.stats(), mediaStack.stats()];
  const [control, server] = [drachtio.stats(), freeswitch.stats()];
  return {
    clients: control.clients,
    dialogs: control.dialogs,
    pendingRequests: control.pendingRequests,
    clientTransactions: agent.clientTransactions + media.clientTransactions,
    serverTransactions: agent.serverTransactions + media.serverTransactions,
    channels: server.channels,
    rtpSessions: server.rtpSessions,
    eventSockets: server.sockets,
    timers: agent.timers + media.timers + control.timers + server.timers,
  };
}

parentPort?.on('message', (request: EngineRequest) => {
  switch (request.kind) {
    case 'stats':
      post({ kind: 'stats', id: request.id, stats: stats() });
      return;
    case 'add-fault':
      post({ kind: 'fault', id: request.id, fault: faults?.add(request.rule) ?? 0, hits: 0 });
      return;
    case 'end-fault': {
      const { id, fault } = request;
      post({ kind: 'fault', id, fault, hits: faults?.end(fault) ?? 0 });
      return;
    }
    case 'stop':
      void stop().finally(() => {
        post({ kind: 'stopped', id: request.id });
        parentPort?.close();
      });
      return;
  }
});

start().catch(async (error: unknown) => {
  post({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
  await stop().catch(() => undefined);
  parentPort?.close();
});
