/**
 * The messages about SIP traffic that go to an application, with their meta data.
 */
import type { SipAddress, SipMessage } from '../sip/message.js';
import type { ControlClient } from './control-client.js';
import { requestSent, responseSent, sipForClient } from './protocol.js';

/** Says that a request went out. */
export function tellRequestSent(
  client: ControlClient,
  id: string,
  message: SipMessage,
  local: SipAddress,
  transactionId: string,
): void {
  const raw = message.toString();
  const meta = {
    source: 'application',
    bytes: Buffer.byteLength(raw),
    host: local.host,
    port: local.port,
  } as const;
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
  const { host, port } = message.source ?? { host: '', port: 0 };
  const meta = { source: 'network', bytes: Buffer.byteLength(raw), host, port } as const;
  client.send(sipForClient(meta, ids.transactionId, ids.dialogId, raw, ids.receivedOn));
}

/** Tells of a request that the server sent of its own accord. */
export function tellUnsolicited(
  client: ControlClient,
  message: SipMessage,
  local: SipAddress,
  dialogId: string,
): void {
  const raw = message.toString();
  const meta = {
    source: 'application',
    bytes: Buffer.byteLength(raw),
    host: local.host,
    port: local.port,
  } as const;
  client.send(sipForClient(meta, 'unsolicited', dialogId, raw));
}
