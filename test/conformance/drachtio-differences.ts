/**
 * Where the embedded server is known to differ from drachtio-server 0.9.10. The page
 * docs/engines.md prints this table (a test keeps them equal); `neutralise` takes the difference out of a
 * transcript line where it shows in one.
 */
export interface KnownDifference {
  readonly what: string;
  readonly why: string;
  readonly neutralise?: (line: string) => string;
}

export const knownDifferences: readonly KnownDifference[] = [
  {
    what: 'The protocol field of a response sent and of an ACK received is `udp` or `tcp`; the real server leaves it empty in some.',
    why: 'Nobody reads it.',
    neutralise: (line) =>
      line
        .replace(/(\|network\|<N>\|)\w*(\|.*\{ACK )/, '$1$2')
        .replace(/(\|application\|<N>\|)\w*(\|.*\{SIP\/2\.0 )/, '$1$2'),
  },
  {
    what: 'To has angle brackets in a CANCEL and in a failure made here; the real server writes some without.',
    why: 'Both forms are valid. It depends on the release of its SIP library.',
    neutralise: (line) => line.replace(/ To: (sip:[^;>\s]+)/, ' To: <$1>'),
  },
  {
    what: 'A request of more than 1300 bytes whose URI names no transport tries TCP (RFC 3261 section 18.1.1), and UDP when nobody takes connections; the real server sends it over UDP.',
    why: 'IP fragments get lost on the way. `;transport=udp` in the URI keeps it on UDP.',
  },
  {
    what: 'The answer to a message comes before anything else; the real server may pass a response from the network on first.',
    why: 'Two threads there, one here. Answers carry the id of what they answer.',
  },
  {
    what: 'A CANCEL that comes after our 200 gets 200 and changes nothing (RFC 3261 section 9.2); the real server answers 481 and hangs up.',
    why: 'The caller has to send ACK and BYE anyway.',
  },
  {
    what: 'A BYE of the far side before it has answered our INVITE (RFC 3261 section 15 forbids it) gets 481 and changes nothing; the real server forgets the INVITE: its answer is thrown away and a CANCEL not sent. The call ends by the ring timeout.',
    why: 'Whoever answers later is in a call.',
  },
  {
    what: 'An INVITE that an application leaves unanswered when it disconnects gets 480; the real server stays silent.',
    why: 'The caller should not have to wait for its own time-out.',
  },
  {
    what: 'A 200 for an application that has disconnected is acknowledged and hung up.',
    why: 'The real server leaves the called party with an unacknowledged call.',
  },
  {
    what: 'A line that is no header makes the whole message fail (`invalid sip message`); the real server drops the line.',
    why: 'A lost header is found too late.',
  },
  {
    what: 'Messages before `authenticate` end the connection.',
    why: 'The real server answers some of them.',
  },
  {
    what: 'A refused UDP port gives the local 503 after up to 100 ms instead of at once.',
    why: 'Node.js reports a refused datagram only on a connected socket, so a probe follows the request.',
  },
  {
    what: 'Not built, answered `not supported by the embedded server`: the proxy message, cdr routes, reliable provisional responses as called party.',
    why: 'The dialler does not use them.',
  },
  {
    what: 'The call of an application that has gone is ended by its session timer; the real server goes on refreshing it.',
    why: 'Nobody is left who could end it.',
  },
  {
    what: 'Not built: TLS and WebSocket (`requested protocol/transport not available`), SRV records, outbound connections, forking.',
    why: 'One machine, a few trunks over UDP or TCP.',
  },
];
