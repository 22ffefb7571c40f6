/** Properties: the innermost `property` element that names one, or the platform's value (2.0, 6.3). */
import { attributeOf, elementsOf, type XmlElement } from '../../plugin/scxml/document/xml.js';
import type { InputTimes } from '../platform.js';
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
};

export class Properties {
  /** Innermost first. */
  readonly #elements: readonly XmlElement[];

  constructor(elements: readonly XmlElement[]) {
    this.#elements = elements;
  }

  text(name: string): string {
    for (const element of this.#elements) {
      const values = elementsOf(element)
        .filter((one) => one.local === 'property' && attributeOf(one, 'name') === name)
        .map((one) => attributeOf(one, 'value'));
      const last = values.at(-1);
      if (last !== undefined) return last;
    }
    return DEFAULTS[name] ?? '';
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
