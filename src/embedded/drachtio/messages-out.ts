/**
 * The messages about SIP traffic that go to an application, with their meta data.
 */
import type { SipAddress, SipMessage } from '../sip/message.js';
import type { ControlClient } from './control-client.js';
import { requestSent, responseSent, sipForClient, type MessageMeta } from './protocol.js';

/** What the server names beside a request of ours: over UDP where it left, over TCP where it went. */
export interface Sent {
  readonly local: SipAddress;
  readonly hop: SipAddress;
}

/** Says that a request went out. */
export function tellRequestSent(
  client: ControlClient,
  id: string,
  message: SipMessage,
  sent: Sent,
  transactionId: string,
): void {
  const raw = message.toString();
  const meta = sentMeta(sent, raw);
  client.reply(id, requestSent(meta, transactionId, raw));
}

/** Says that a response went out. */
export function tellResponseSent(
  client: ControlClient,
  id: string,
  message: SipMessage,
  to: SipAddress,
  transactionId: string,
  dialogId: string,
): void {
  const raw = message.toString();
  const meta = { source: 'application', bytes: Buffer.byteLength(raw), ...to } as const;
  client.reply(id, responseSent(meta, transactionId, dialogId, raw));
}

/** Hands on a message from the network. */
export function tellFromNetwork(
  client: ControlClient,
  message: SipMessage,
  ids: { readonly transactionId: string; readonly dialogId: string; readonly receivedOn?: string },
): void {
  const raw = message.toString();
  const peer = message.source ?? { host: '', port: 0 };
  const meta = { source: 'network', bytes: Buffer.byteLength(raw), ...peer } as const;
  client.send(sipForClient(meta, ids.transactionId, ids.dialogId, raw, ids.receivedOn));
}

/** Tells of a request that the server sent of its own accord. */
export function tellUnsolicited(
  client: ControlClient,
  message: SipMessage,
  sent: Sent,
  dialogId: string,
): void {
  const raw = message.toString();
  const meta = sentMeta(sent, raw);
  client.send(sipForClient(meta, 'unsolicited', dialogId, raw));
}

function sentMeta({ local, hop }: Sent, raw: string): MessageMeta {
  const { host, port } = hop.transport === 'tcp' ? hop : local;
  const { transport = 'udp' } = hop;
  return { source: 'application', bytes: Buffer.byteLength(raw), host, port, transport };
}
