/** The items of a form, their variables and counters (2.0, 2.1.3 and 5.2.2). */
import { attributeOf, elementsOf, type XmlElement } from '../../plugin/scxml/document/xml.js';
import { FORM_ITEMS, INPUT_ITEMS } from '../document/elements.js';

/** Of a name, as far as it is counted: a page may make one of thousands of dots. */
const EVENT_PARTS_MAX = 32;

/** Counts events by name, by each prefix of it, and all together under the empty name. */
export class EventCounters {
  #counts = new Map<string, number>();

  add(event: string): void {
    const parts = event.split('.', EVENT_PARTS_MAX);
    for (let length = 0; length <= parts.length; length++) {
      const prefix = parts.slice(0, length).join('.');
      this.#counts.set(prefix, this.of(prefix) + 1);
    }
  }

  of(prefix: string): number {
    return this.#counts.get(prefix) ?? 0;
  }

  reset(): void {
    this.#counts = new Map();
  }
}

export class Item {
  readonly element: XmlElement;
  readonly kind: string;
  /** Name of its variable in the dialog scope; one of ours where the page gave none. */
  readonly variable: string;
  /** As the page names it. */
  readonly name: string | undefined;
  readonly counters = new EventCounters();
  promptCount = 1;

  constructor(element: XmlElement, index: number) {
    this.element = element;
    this.kind = element.local;
    this.name = attributeOf(element, 'name');
    this.variable = this.name ?? `$item${index}`;
  }

  get isInput(): boolean {
    return INPUT_ITEMS.has(this.kind);
  }

  get hasPrompts(): boolean {
    return this.kind !== 'block';
  }

  /** Key under which a result's property fills it. */
  get slot(): string {
    return attributeOf(this.element, 'slot') ?? this.variable;
  }

  reset(): void {
    this.promptCount = 1;
    this.counters.reset();
  }
}

/** A menu is one item, and the item is the menu. */
export function itemsOf(dialog: XmlElement): Item[] {
  if (dialog.local === 'menu') return [new Item(dialog, 0)];
  return elementsOf(dialog)
    .filter(({ local }) => FORM_ITEMS.has(local))
    .map((element, index) => new Item(element, index));
}
