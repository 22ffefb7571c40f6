/** The trunk's side of the campaign: what the network loses, and what the carrier answers. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Gate, Gates } from '../../src/embedded/gates.js';
import type { PersonaScript } from '../../src/farend/persona-script.js';
import type { Random } from '../fuzz/random.js';

const LOSS_PERCENT = 10;
const NOISE_EVERY_MS = 20;
const NOISE_BYTES_MAX = 1500;

export type Weather = 'fine' | 'lossy';
export type CarrierMood =
  'answers' | 'says 503' | 'says 408' | 'talks nonsense' | 'loses the party';

/** Loses one packet in ten, SIP and RTP, both ways, while the weather is bad. */
export class Network {
  weather: Weather = 'fine';
  mood: CarrierMood = 'answers';
  readonly sip: Gates;
  readonly rtp: Gates;

  constructor(private readonly random: Random) {
    const gate: Gate = (_describe, forward) => {
      if (this.weather === 'fine' || this.random.below(100) >= LOSS_PERCENT) forward();
    };
    this.sip = { inward: gate, outward: gate };
    this.rtp = { inward: gate, outward: gate };
  }

  /** What the carrier does with a call to a customer just now; nothing of its own when it works. */
  carrierScript(): PersonaScript | undefined {
    switch (this.mood) {
      case 'answers':
        return undefined;
      case 'says 503':
        return { steps: [{ step: 'reject', rejection: { status: 503 } }] };
      case 'says 408':
        return { steps: [{ step: 'reject', rejection: { status: 408 } }] };
      case 'talks nonsense':
        return {
          steps: [{ step: 'answer', sdp: this.random.pick(NONSENSE) }, { step: 'hang-up' }],
        };
      case 'loses the party':
        return { steps: [{ step: 'ring', ms: 200 }, { step: 'answer' }, { step: 'vanish' }] };
    }
  }
}

const NONSENSE = [
  '',
  'v=0',
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 999.0.0.1\r\nt=0 0\r\nm=audio 70000 RTP/AVP 0\r\n',
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 4000 RTP/AVP 31\r\n',
  '\u0000\u0001\u0002${system id}\r\n\r\nm=audio',
];

/** Throws damaged SIP at a port. @returns a function that ends it */
export async function makeNoise(port: number, random: Random): Promise<() => void> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const timer = setInterval(() => {
    const bytes = Buffer.alloc(random.below(NOISE_BYTES_MAX));
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = random.below(256);
    const head = random.pick(['', 'SIP/2.0 200 OK\r\n', 'INVITE sip:x@y SIP/2.0\r\nVia: ']);
    socket.send(Buffer.concat([Buffer.from(head), bytes]), port, '127.0.0.1', () => undefined);
  }, NOISE_EVERY_MS);
  return () => {
    clearInterval(timer);
    socket.close();
  };
}
