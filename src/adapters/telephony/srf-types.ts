/**
 * drachtio-srf 5.0.29 as it behaves. The types it ships say void where a promise is returned, do not
 * know `reconnect` or `removeDialog`, and are `any` where we look closely; this is the view that the
 * adapter takes of it, and the only place that converts.
 */
import Srf from 'drachtio-srf';
import type { Socket } from 'node:net';
import type { Challenged } from './credentials.js';

/** A request or response; header names in any case. */
export interface SipMessageView {
  get(name: string): string | undefined;
  has(name: string): boolean;
  /** Of a request. */
  readonly method?: string;
  readonly body?: string;
}

export interface SipResponseView extends SipMessageView {
  readonly status: number;
  readonly reason: string;
  /** As received; a name that came more than once has the values joined. */
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** The 200 OK that made a dialog, and where it came from. */
export interface AnswerView extends SipResponseView {
  readonly source_address?: string;
  readonly source_port?: number | string;
}

export interface SentInvite extends SipMessageView {
  /** The server's name for the transaction; changes when a challenge is answered. */
  readonly stackTxnId: string;
  cancel(
    options: { headers: Record<string, string> },
    done: (error: unknown, request?: unknown) => void,
  ): void;
  /** Before the answer; `authenticate` brings the request that answers a challenge. */
  on(event: 'update', handle: (update: SipMessageView, response: ReplyView) => void): void;
  on(event: 'authenticate', handle: (next: SentInvite) => void): void;
  removeAllListeners(event: 'update'): void;
}

/** A request from outside a dialog. */
export interface InboundRequestView extends SipMessageView {
  on(event: 'cancel', handle: () => void): void;
  readonly source_address?: string;
  readonly source_port?: number | string;
  /** `udp`, `tcp`, `tls`. */
  readonly protocol?: string;
  /** The message as it came. */
  readonly raw?: string;
}

/** How a received request is answered. */
export interface ReplyView {
  readonly finalResponseSent?: boolean;
  send(
    status: number,
    options?: { readonly body?: string; readonly headers: Readonly<Record<string, string>> },
  ): void;
}

/** A confirmed dialog. */
export interface DialogView {
  /** Who began it. */
  readonly type?: 'uac' | 'uas';
  connected: boolean;
  readonly sip: { readonly callId: string; readonly localTag: string; readonly remoteTag: string };
  readonly remote: { sdp: string };
  readonly local: { sdp: string; readonly contact?: string };
  readonly res: AnswerView;
  destroy(options?: { headers: Record<string, string> }): Promise<unknown>;
  on(event: 'destroy', handle: (request?: SipMessageView, reason?: string) => void): this;
  on(event: 'notify', handle: (request: SipMessageView, response: ReplyView) => void): this;
  off(event: 'destroy' | 'notify', handle: (...values: never[]) => void): this;
  /** The callback is called for each response, provisional ones included. */
  request(
    request: {
      readonly method: 'INVITE' | 'REFER' | 'NOTIFY';
      readonly body?: string;
      readonly headers: Readonly<Record<string, string>>;
    },
    done: (error: unknown, response?: SipResponseView) => void,
  ): void;
  removeAllListeners(): this;
  handle(request: SipMessageView, response: ReplyView): void;
}

export interface UacOptions {
  readonly localSdp: string;
  readonly proxy?: string;
  readonly auth?: Challenged;
  readonly headers: Record<string, string>;
}

export interface UacProgress {
  cbRequest(error: unknown, request?: SentInvite): void;
  cbProvisional(response: SipResponseView): void;
}

/**
 * Called in the turn that made the dialog. A promise would be heard one turn later, and a BYE right
 * behind the answer, read from the connection together with it, is handled by nobody in between.
 */
export type DialogMade = (error: unknown, dialog?: DialogView) => void;

/** A request past drachtio-srf's dialogs, for those that another process made. */
export interface RawRequest {
  readonly method: 'CANCEL' | 'ACK' | 'BYE' | 'REGISTER' | 'OPTIONS';
  readonly uri?: string;
  /** With CANCEL: the transaction to cancel. */
  readonly stackTxnId?: string;
  /** With ACK and BYE: the dialog they belong to. */
  readonly stackDialogId?: string;
  readonly proxy?: string;
  readonly auth?: Challenged;
  readonly headers: Readonly<Record<string, string>>;
}

export interface SentRequest {
  on(event: 'response', handle: (response: SipResponseView) => void): void;
}

/** One connection to drachtio; every `connect` makes a new one. */
export interface AgentView {
  request(request: RawRequest, done: (error: Error | null, sent?: SentRequest) => void): void;
  readonly mapServer: Map<Socket, { readonly pendingRequests: Map<string, () => void> }>;
  /** `send` gives the message an id, which its answer is filed under in `pendingRequests`. */
  readonly wp: {
    closing?: boolean;
    send(socket: Socket, message: string): string;
    /** Each frame of the server, as it came. */
    prependListener(event: 'msg', handle: (socket: Socket, frame: string) => void): void;
    prependListener(event: 'connect', handle: (socket: Socket) => void): void;
    emit(event: string, ...values: unknown[]): boolean;
  };
  on(event: 'connect', handle: (error: Error | null, hostport?: string) => void): this;
  on(event: 'error' | 'close', handle: (error?: unknown) => void): this;
}

export interface SrfView {
  readonly app: { readonly client: AgentView };
  connect(options: {
    host: string;
    port: number;
    secret: string;
    reconnect: { maxAttempts: number };
    /** Options of `tls.connect`. */
    tls?: object;
  }): void;
  createUAC(uri: string, options: UacOptions, progress: UacProgress, done: DialogMade): void;
  /** Sends a 200 with this SDP. Fails when the caller has given up. */
  createUAS(
    request: InboundRequestView,
    response: ReplyView,
    options: { readonly localSdp: string },
    done: DialogMade,
  ): void;
  removeDialog(dialog: DialogView): void;
  on(event: 'error', handle: (error: unknown) => void): this;
  /** Requests outside dialogs; the connections that are made later register for them. */
  invite(handle: (request: InboundRequestView, response: ReplyView) => void): void;
  options(handle: (request: InboundRequestView, response: ReplyView) => void): void;
}

/** @returns a new, unconnected Srf. */
export function newSrf(): SrfView {
  return new Srf() as unknown as SrfView;
}
