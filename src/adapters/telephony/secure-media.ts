/**
 * SRTP with keys in the session description (RFC 3711, RFC 4568) on FreeSWITCH, for calls whose trunk
 * wants it.
 *
 * FreeSWITCH encrypts a channel only if its first description does, and makes itself a new key whenever
 * an offer brings another one of the far side. So the endpoint is made by an INVITE with an offer of
 * nobody; FreeSWITCH's answer, with its key, is what the trunk is offered. The far side's key then
 * reaches FreeSWITCH as the answer to a re-INVITE of its own (`uuid_media_reneg`), which leaves its key
 * as it is; everything else comes by our re-INVITE as on any call.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../ports.js';
import type { Channel } from './channel.js';
import type { Deadlines } from './deadlines.js';
import { TelephonyError } from './errors.js';

const SUITE = 'AES_CM_128_HMAC_SHA1_80';
/** Master key and salt. */
const KEY_BYTES = 30;
/** The dialplan allows SRTP on the channel by it: config/freeswitch/dialplan/mrf.xml. */
export const SECURE_HEADERS: Readonly<Record<string, string>> = { 'X-Secure-RTP': SUITE };
const CRYPTO = new RegExp(`^a=crypto:(\\d{1,9}) ${SUITE} inline:([A-Za-z0-9+/]{40}=*)`, 'm');
const DISCARD_PORT = '9';
const KEY_VARIABLE = 'srtp_remote_audio_crypto_key';
const POLL_MS = 10;
/** Of an answer that comes while the channel is being set up FreeSWITCH may forget the key (seen once). */
const AGAIN_AFTER_MS = 500;

/** Whether an SDP has an audio line with SRTP, which makes FreeSWITCH send noise on a plain call. */
export function isEncrypted(sdp: string): boolean {
  return /^m=audio\s+\d+\s+\S*SAVP/im.test(sdp);
}

/** The key of a description, as it is written there; undefined when there is none that we can take. */
export function keyOf(sdp: string): string | undefined {
  return CRYPTO.exec(sdp)?.[2];
}

/**
 * The offer that an encrypted endpoint is made with. The protocol is written in small letters, which
 * FreeSWITCH reads all the same: drachtio-fsmrf takes SAVP for DTLS and refuses it.
 * @param host where FreeSWITCH may send until there is a far side: its own address
 */
export function placeholderOffer(host: string): string {
  const key = randomBytes(KEY_BYTES).toString('base64');
  const crypto = `1 ${SUITE} inline:${key}`;
  return describe({ host, port: DISCARD_PORT, session: '1', protocol: 'rtp/savp', crypto });
}

/**
 * What the trunk is offered. FreeSWITCH names one codec in its answer; it speaks both laws.
 * @throws TelephonyError ENDPOINT_NO_SRTP
 */
export function secureOffer(answer: string): string {
  const host = /^c=IN IP4 (\S+)/m.exec(answer)?.[1];
  const port = /^m=audio (\d+) RTP\/SAVP /m.exec(answer)?.[1];
  const session = /^o=\S+ (\d+) /m.exec(answer)?.[1];
  const [, tag, key] = CRYPTO.exec(answer) ?? [];
  if (!host || !port || !session || !key) throw noSrtp();
  return describe({
    host,
    port,
    session,
    protocol: 'RTP/SAVP',
    crypto: `${tag} ${SUITE} inline:${key}`,
  });
}

export function noSrtp(): TelephonyError {
  return new TelephonyError(
    'ENDPOINT_NO_SRTP',
    'FreeSWITCH does not take SRTP: its dialplan needs the extension `srtp` of config/freeswitch/dialplan/mrf.xml',
  );
}

/**
 * Gives the channel the far side's key and keeps its own; resolves once FreeSWITCH decrypts with it.
 * @throws TelephonyError COMMAND_FAILED, DEADLINE, ENDPOINT_ENDED
 */
export async function takeKey(
  channel: Pick<Channel, 'uuid' | 'api' | 'renegotiate'>,
  farSdp: string,
  { clock, deadlines }: { readonly clock: Clock; readonly deadlines: Deadlines },
): Promise<void> {
  const key = keyOf(farSdp);
  if (key === undefined) {
    throw new TelephonyError('ENDPOINT_SRTP', `the far side has no key for ${SUITE}`);
  }
  const giveUpAtMs = clock.nowMs() + deadlines.modifyMs;
  for (;;) {
    await channel.renegotiate(farSdp);
    const againAtMs = clock.nowMs() + AGAIN_AFTER_MS;
    while (clock.nowMs() < againAtMs) {
      const taken = await channel.api('uuid_getvar', channel.uuid, KEY_VARIABLE);
      if (taken.includes(`inline:${key}`)) return;
      await new Promise<void>((resolve) => clock.after(POLL_MS, resolve));
    }
    if (clock.nowMs() >= giveUpAtMs) {
      throw new TelephonyError('DEADLINE', 'FreeSWITCH did not take the far side’s SRTP key');
    }
  }
}

interface Description {
  readonly host: string;
  readonly port: string;
  readonly session: string;
  readonly protocol: string;
  readonly crypto: string;
}

function describe({ host, port, session, protocol, crypto }: Description): string {
  const lines = [
    'v=0',
    `o=FreeSWITCH ${session} 1 IN IP4 ${host}`,
    's=FreeSWITCH',
    `c=IN IP4 ${host}`,
    't=0 0',
    `m=audio ${port} ${protocol} 0 8 101`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=ptime:20',
    'a=sendrecv',
    `a=crypto:${crypto}`,
  ];
  return `${lines.join('\r\n')}\r\n`;
}
