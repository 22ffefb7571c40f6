// The servers that `npm run bench:calls` measures against: real ones named in the environment, else the
// embedded engine in a process of its own. And what can be learned of them from outside.
import { connect } from 'node:net';
import { env } from 'node:process';
import { setTimeout, clearTimeout } from 'node:timers';
import { startProcess } from './party.mjs';

const parse = (text = '') => {
  const [, host, port, secret] = /^([^:,]+):(\d+),(.*)$/.exec(text) ?? [];
  return host && { host, port: Number(port), secret };
};

export async function findServers() {
  const drachtio = parse(env.DIALBACK_DRACHTIO);
  const freeswitch = parse(env.DIALBACK_FREESWITCH);
  if (drachtio && freeswitch) {
    return { kind: 'real', drachtio, freeswitch, stop: () => Promise.resolve() };
  }
  const engine = await startProcess('./engine-build.mjs');
  return { kind: 'embedded', ...engine.first, stop: engine.stop };
}

/** Sends a line, resolves with the first answer that matches. */
export function converse({ host, port }, hello, wanted) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let text = '';
    const timer = setTimeout(() => socket.destroy(new Error('no answer in 3 s')), 3000);
    socket.on('connect', () => socket.write(hello));
    socket.on('data', (data) => {
      text += data;
      const found = wanted.exec(text);
      if (!found) return;
      clearTimeout(timer);
      socket.destroy();
      resolve(found[1].trim());
    });
    socket.on('error', reject);
  });
}

export async function versionsOf({ drachtio, freeswitch }) {
  const login = `bench|authenticate|${drachtio.secret}|`;
  const wanted = /\|OK\|[^|]*\|([^|\s]+)/;
  return [
    `drachtio-server ${await converse(drachtio, `${login.length}#${login}`, wanted)}`,
    await askFreeswitch({ freeswitch }, 'version', /(FreeSWITCH Version [^\n]+)/),
  ];
}

export function askFreeswitch({ freeswitch }, command, wanted) {
  return converse(freeswitch, `auth ${freeswitch.secret}\n\napi ${command}\n\n`, wanted);
}

/** @returns channels that FreeSWITCH has now; undefined when it does not say */
export async function channelCount(servers) {
  if (servers.kind !== 'real') return undefined;
  return Number(await askFreeswitch(servers, 'show channels count', /(\d+) total\./));
}
