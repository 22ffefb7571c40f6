/**
 * The part of drachtio-fsmrf 4.1.2 and drachtio-modesl 1.3.1 that the adapter uses. The packages ship
 * no types. Promises are typed as they are written there, which does not mean that they settle.
 */
declare module 'drachtio-fsmrf' {
  import type { Server, Socket } from 'node:net';

  namespace Mrf {
    interface EslEvent {
      getHeader(name: string): string | null;
      getBody(): string | null | undefined;
    }

    /** modesl's connection: inbound (ours to the server) or outbound (the server's to us). */
    interface Key {
      readonly dtmf: string | null;
      readonly duration: string | null;
    }

    interface EslConnection {
      /** Null once closed. */
      readonly socket: Socket | null;
      closing?: boolean;
      /** Writes a command and does not wait for what comes of it. */
      send(command: string, args?: Readonly<Record<string, string>>): void;
      /** @param events names with blanks between them */
      subscribe(events: string, reply?: (event: EslEvent) => void): void;
      sendRecv(
        command: string,
        args: Readonly<Record<string, string>>,
        reply: (event: EslEvent) => void,
      ): void;
      on(event: string, handle: (...args: never[]) => void): this;
      off(event: string, handle: (...args: never[]) => void): this;
      disconnect(): void;
      /** Private in the library: what it reads the socket with. */
      readonly parser: EslParser;
    }

    interface EslParser {
      readonly buffer: Buffer;
      /** @returns -1 as long as there is none */
      _indexOfHeaderEnd(): number;
      _parseEvent(headers: Readonly<Record<string, unknown>>, body?: string): void;
      emit(event: 'esl::event', ...args: readonly unknown[]): boolean;
    }

    /** modesl's listener for outbound connections. */
    interface EslServer {
      readonly server: Server;
      on(event: 'connection::open', handle: (connection: EslConnection) => void): this;
    }

    interface SipLeg {
      readonly connected: boolean;
      /** Our side's SDP, with which re-INVITEs of the far side are answered. */
      readonly local: { sdp?: string; readonly contact?: string };
      readonly remote: { sdp: string };
      /** Waits for ever once a re-INVITE was refused. */
      modify(sdp: string): Promise<string>;
      /** The callback is called for each response, provisional ones included. */
      request(
        request: {
          readonly method: 'INVITE';
          readonly body: string;
          readonly headers: Readonly<Record<string, string>>;
        },
        done: (
          error: unknown,
          response?: { readonly status: number; readonly reason: string; readonly body?: string },
        ) => void,
      ): void;
      destroy(): Promise<unknown>;
      on(
        event: 'destroy',
        handle: (bye?: { get(header: string): string | undefined }) => void,
      ): this;
    }

    interface Endpoint {
      readonly uuid: string;
      readonly local: { readonly sdp: string };
      readonly conn: EslConnection | null;
      /** Null after destroy. */
      readonly dialog: SipLeg | null;
      api(command: string, args: readonly string[]): Promise<EslEvent>;
      execute(application: string, argument: string): Promise<EslEvent>;
      on(event: 'destroy', handle: () => void): this;
      on(event: 'playback-start', handle: () => void): this;
      on(event: 'dtmf', handle: (key: Key) => void): this;
      off(event: string, handle: (...args: never[]) => void): this;
    }

    interface DialogMaker {
      createUAC(uri: string, options: object): Promise<SipLeg>;
    }

    interface MediaServer {
      readonly conn: EslConnection;
      /** What it sends the INVITEs of endpoints with. */
      readonly srf: DialogMaker;
      /** Private in the library; the only way to reach each outbound connection when it opens. */
      readonly _server?: EslServer;
      closing?: boolean;
      /** Where it tells FreeSWITCH to open event sockets to. */
      readonly advertisedAddress?: string;
      readonly advertisedPort?: number;
      /** Where it sends the INVITE of an endpoint; read from `sofia status`. */
      readonly sip: { readonly ipv4: { readonly udp: { address?: string } } };
      api(command: string): Promise<string>;
      createEndpoint(options?: {
        /** For its INVITE. */
        readonly headers?: Readonly<Record<string, string>>;
        /** An offer for it; without one FreeSWITCH makes the offer. */
        readonly remoteSdp?: string;
      }): Promise<Endpoint>;
      disconnect(): void;
      on(event: 'error', handle: (error: Error) => void): this;
    }

    interface ConnectOptions {
      readonly address: string;
      readonly port: number;
      readonly secret: string;
      readonly listenAddress: string;
      readonly listenPort?: number;
      readonly advertisedAddress?: string;
      readonly advertisedPort?: number;
      readonly profile: string;
    }
  }

  class Mrf {
    constructor(srf: object);
    connect(options: Mrf.ConnectOptions): Promise<Mrf.MediaServer>;
  }
  export = Mrf;
}
