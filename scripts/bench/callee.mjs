// The called party of `npm run bench:calls`, in a process of its own: rings and answers every INVITE
// (UDP), sends quiet RTP to whom it was called by, and notes when what came. Knows calls by the user
// part they were dialled with; `agent` only rings. Its parent asks for `notes`, and may set `hangUpAfter`:
// `answer` (at once), `sound` (with the first audible packet) or `nothing`.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import process, { exit } from 'node:process';
import { clearInterval, setInterval, setTimeout } from 'node:timers';

const FRAME_MS = 20;
const FRAME_BYTES = 160;
const RTP_HEADER_BYTES = 12;
/** mu-law codes of samples under about 4 % of full scale are no sound. */
const LOUD = Uint8Array.from({ length: 256 }, (_, code) => Number((~code & 0x70) >= 0x30));
const QUIET = Buffer.alloc(RTP_HEADER_BYTES + FRAME_BYTES, 0xff);
QUIET[0] = 0x80;
QUIET[1] = 0;

/** The same in every process of the machine. */
const nowMs = () => performance.timeOrigin + performance.now();

const calls = new Map();
const live = new Set();
const idle = [];
let hangUpAfter = 'nothing';

const sip = createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
sip.bind(0, '127.0.0.1');
await once(sip, 'listening');
const own = `127.0.0.1:${sip.address().port}`;

async function openRtp() {
  const free = idle.pop();
  if (free) return free;
  const rtp = { socket: createSocket('udp4'), call: undefined };
  rtp.socket.on('message', (bytes) => rtp.call && hear(rtp.call, bytes));
  rtp.socket.bind(0, '127.0.0.1');
  await once(rtp.socket, 'listening');
  rtp.port = rtp.socket.address().port;
  return rtp;
}

function hear(call, bytes) {
  call.note.packets += 1;
  if (call.note.soundAtMs !== undefined) return;
  let loud = 0;
  for (let n = RTP_HEADER_BYTES; n < bytes.length; n++) loud += LOUD[bytes[n]];
  if (loud < 4) return;
  call.note.soundAtMs = nowMs();
  if (hangUpAfter === 'sound') bye(call);
}

function speak() {
  for (const call of live) {
    QUIET.writeUInt16BE((call.sequence = (call.sequence + 1) & 0xffff), 2);
    QUIET.writeUInt32BE(call.sequence * FRAME_BYTES, 4);
    QUIET.writeUInt32BE(call.rtp.port, 8);
    call.rtp.socket.send(Buffer.from(QUIET), call.farPort, call.farHost);
  }
}
setInterval(speak, FRAME_MS);

const headersOf = (lines, names) => lines.filter((line) => names.test(line));
const headerOf = (lines, name) =>
  lines
    .find((line) => line.toLowerCase().startsWith(`${name}:`))
    ?.slice(name.length + 1)
    .trim();

sip.on('message', (bytes, from) => void receive(bytes.toString('latin1'), from));

async function receive(text, from) {
  const [head, body = ''] = text.split('\r\n\r\n');
  const [line, ...lines] = head.split('\r\n');
  const [method, uri = ''] = line.split(' ');
  const callId = headerOf(lines, 'call-id');
  const call = calls.get(callId);
  if (method === 'SIP/2.0') return finishBye(call, lines);
  if (method === 'ACK') return onAck(call);
  if (method === 'BYE') {
    if (call) end(call, 'them');
    return reply('200 OK', lines, from, call);
  }
  if (method === 'CANCEL') {
    reply('200 OK', lines, from, call);
    if (call && call.note.ackAtMs === undefined && !call.isAnswered) {
      reply('487 Request Terminated', call.invite, from, call);
      end(call, 'cancelled');
    }
    return undefined;
  }
  if (method !== 'INVITE') return reply('200 OK', lines, from, call);
  if (call) return call.isAnswered ? answer(call) : undefined;
  return ring({ callId, number: /^sip:([^@]*)@/.exec(uri)?.[1], lines, body, from });
}

async function ring({ callId, number, lines, body, from }) {
  const note = { number, inviteAtMs: nowMs(), packets: 0 };
  const [, farHost] = /^c=IN IP4 (\S+)/m.exec(body) ?? [];
  const [, farPort] = /^m=audio (\d+)/m.exec(body) ?? [];
  const call = {
    callId,
    note,
    invite: lines,
    from,
    farHost,
    farPort: Number(farPort),
    sequence: 0,
  };
  calls.set(callId, call);
  call.rtp = await openRtp();
  call.rtp.call = call;
  reply('180 Ringing', lines, from, call);
  if (number === 'agent') return;
  call.isAnswered = true;
  live.add(call);
  answer(call);
  // An unacknowledged 200 is sent again, as RFC 3261 13.3.1.4 wants it.
  for (const afterMs of [500, 1500, 3500, 7500]) {
    setTimeout(() => {
      if (call.note.ackAtMs === undefined && live.has(call)) answer(call);
    }, afterMs).unref();
  }
}

function answer(call) {
  call.note.answerAtMs ??= nowMs();
  const sdp = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${call.rtp.port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n`;
  reply('200 OK', call.invite, call.from, call, sdp);
}

function reply(status, lines, from, call, sdp = '') {
  const to = headerOf(lines, 'to') ?? '';
  const tag = call ? `;tag=far${call.rtp?.port ?? 0}` : ';tag=none';
  const text = [
    `SIP/2.0 ${status}`,
    ...headersOf(lines, /^(via|from|call-id|cseq|record-route):/i),
    `To: ${/;tag=/.test(to) ? to : to + tag}`,
    `Contact: <sip:${own}>`,
    ...(sdp ? ['Content-Type: application/sdp'] : []),
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n');
  sip.send(text, from.port, from.address);
}

function onAck(call) {
  if (!call || call.note.ackAtMs !== undefined) return;
  call.note.ackAtMs = nowMs();
  if (hangUpAfter === 'answer') setTimeout(() => bye(call), 5);
}

function bye(call) {
  if (call.isEnding || !live.has(call)) return;
  call.isEnding = true;
  const { invite, from } = call;
  const text = [
    `BYE ${/<([^>]+)>/.exec(headerOf(invite, 'contact') ?? '')?.[1]} SIP/2.0`,
    `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${call.rtp.port}${Date.now()}`,
    'Max-Forwards: 70',
    `From: ${headerOf(invite, 'to')};tag=far${call.rtp.port}`,
    `To: ${headerOf(invite, 'from')}`,
    `Call-ID: ${call.callId}`,
    'CSeq: 1 BYE',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  const send = () => sip.send(text, from.port, from.address);
  send();
  call.byeTimer = setInterval(send, 500);
}

function finishBye(call, lines) {
  if (call?.isEnding && /BYE/.test(headerOf(lines, 'cseq') ?? '')) end(call, 'us');
}

function end(call, by) {
  clearInterval(call.byeTimer);
  if (!live.delete(call) && call.note.endedAtMs !== undefined) return;
  call.note.endedAtMs = nowMs();
  call.note.endedBy = by;
  call.rtp.call = undefined;
  idle.push(call.rtp);
}

process.on('message', ({ ask, hangUpAfter: when }) => {
  if (when) hangUpAfter = when;
  if (ask !== 'notes') return;
  process.send({ notes: [...calls.values()].map(({ note }) => note) });
  for (const [callId, call] of calls) if (call.note.endedAtMs !== undefined) calls.delete(callId);
});
process.on('disconnect', () => exit());
process.send({ uri: `sip:${own}` });
