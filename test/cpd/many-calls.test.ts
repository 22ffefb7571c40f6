import assert from 'node:assert/strict';
import { CpdDetector } from '../../src/cpd/detector.js';
import type { CpdEvent } from '../../src/cpd/types.js';
import { join, media, noise, silence, tone } from './sounds.js';

const FRAME_SAMPLES = 160;

const greeting = media('far-end/greeting.wav');
const hello = media('far-end/hello.wav');
const sounds = [
  join(greeting, silence(300), tone([1000], 400), silence(2500)),
  join(silence(500), hello, silence(3000)),
  join(noise(700, 0.002), hello, noise(3000, 0.002)),
  media('waiting.wav'),
  join(tone([425], 1000), silence(4000), tone([425], 1000), silence(4000)),
];

class Call {
  readonly events: CpdEvent[] = [];
  readonly #detector = new CpdDetector({}, (event) => this.events.push(event));
  readonly #sound: Int16Array;
  #at = 0;

  constructor(sound: Int16Array) {
    this.#sound = sound;
    this.#detector.answered();
  }

  /** @returns whether there is more */
  step(): boolean {
    this.#detector.push(this.#sound.subarray(this.#at, this.#at + FRAME_SAMPLES));
    this.#at += FRAME_SAMPLES;
    return this.#at < this.#sound.length;
  }
}

describe('Calls that are listened to at the same time', () => {
  it('hear what each of them would hear alone, though they share their work space', () => {
    const alone = sounds.map((sound) => {
      const call = new Call(sound);
      while (call.step());
      return call.events;
    });
    const together = sounds.map((sound) => new Call(sound));
    for (let going = together; going.length > 0;) going = going.filter((call) => call.step());
    assert.ok(alone.some((events) => events.some(({ type }) => type === 'beep')));
    assert.deepEqual(
      together.map(({ events }) => events),
      alone,
    );
  });
});
