/** Properties: the innermost `property` element that names one, or the platform's value (2.0, 6.3). */
import { attributeOf, elementsOf, type XmlElement } from '../../plugin/scxml/document/xml.js';
import type { InputTimes } from '../platform.js';
import { semantic } from '../errors.js';
import { durationMs } from './time.js';

const DEFAULTS: Readonly<Record<string, string>> = {
  timeout: '5s',
  interdigittimeout: '3s',
  termtimeout: '0s',
  termchar: '#',
  bargein: 'true',
  bargeintype: 'speech',
  inputmodes: 'dtmf voice',
  fetchtimeout: '10s',
  fetchaudiodelay: '2s',
  fetchaudiominimum: '5s',
};

/** Those that are one word of a few. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  bargein: ['true', 'false'],
  bargeintype: ['speech', 'hotword'],
};

export class Properties {
  /** Innermost first. */
  readonly #elements: readonly XmlElement[];

  constructor(elements: readonly XmlElement[]) {
    this.#elements = elements;
  }

  text(name: string): string {
    return this.own(name) ?? DEFAULTS[name] ?? '';
  }

  /** As the page sets it; undefined = it does not. */
  own(name: string): string | undefined {
    for (const element of this.#elements) {
      const values = elementsOf(element)
        .filter((one) => one.local === 'property' && attributeOf(one, 'name') === name)
        .map((one) => attributeOf(one, 'value'));
      const last = values.at(-1);
      if (last !== undefined) return last;
    }
    return undefined;
  }

  /** Whether the page listens to keys, or to speech (`inputmodes`). */
  listensTo(mode: 'dtmf' | 'voice'): boolean {
    return this.text('inputmodes').split(/\s+/).includes(mode);
  }

  /** @throws PageEvent error.semantic for a word that is none of those it may be */
  word(name: string): string {
    const value = this.text(name);
    if (WORDS[name]?.includes(value) === false) {
      throw semantic(
        `property ${name} is "${value.slice(0, 30)}", not ${WORDS[name].join(' or ')}`,
      );
    }
    return value;
  }

  /** @throws PageEvent error.semantic */
  timeMs(name: string): number {
    return durationMs(this.text(name), `property ${name}`);
  }

  /** @throws PageEvent error.semantic */
  inputTimes(): InputTimes {
    return {
      timeoutMs: this.timeMs('timeout'),
      interdigitTimeoutMs: this.timeMs('interdigittimeout'),
      termTimeoutMs: this.timeMs('termtimeout'),
      termChar: this.text('termchar'),
    };
  }
}
