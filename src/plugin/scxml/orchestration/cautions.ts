/** What pages of the dialect may use and get only in part, or not at all: told before they are deployed. */
import { attributeOf, elementsOf, textOf, type XmlElement } from '../document/xml.js';
import type { Caution } from '../extension.js';
import { NAMESPACE } from './elements.js';
import { UNSUPPORTED } from './genesys-model.js';

const FUNCTIONS = new RegExp(
  `_genesys\\s*\\.\\s*(?:session\\s*\\.\\s*(?:${UNSUPPORTED.join('|')})|statistic\\s*\\.\\s*sData)\\b`,
  'g',
);

export function cautions(element: XmlElement): readonly Caution[] {
  return [...elementCautions(element), ...functionCautions(element)];
}

function elementCautions(element: XmlElement): readonly Caution[] {
  const { at } = element;
  const module = NAMESPACE.exec(element.uri)?.[1];
  const say = (message: string): Caution => ({ message: `<${element.name}> ${message}`, at });
  switch (`${module}.${element.local}`) {
    case 'dialog.play':
      return elementsOf(element).length > 0
        ? []
        : [say('has no <dialog:prompt>, so it is answered with error.dialog.play')];
    case 'queue.query':
    case 'queue.cancel':
      return [say(`is always answered with error.queue.${element.local}`)];
    case 'queue.submit':
      return treatmentsLeftOut(element).map((one) => ({
        message: `<${one.name}> inside <${element.name}> is left out: who waits hears play and playsound`,
        at: one.at,
      }));
    case 'session.fetch':
      return attributeOf(element, 'gdelivery') === undefined
        ? []
        : [say('is sent once, whatever gdelivery says')];
    default:
      return [];
  }
}

/** What is done with a customer, and cannot be done with one who waits. */
function treatmentsLeftOut(element: XmlElement): readonly XmlElement[] {
  return elementsOf(element).flatMap((child) => {
    if (NAMESPACE.exec(child.uri)?.[1] !== 'dialog') return [];
    if (child.local === 'runtreatments') return treatmentsLeftOut(child);
    return child.local === 'play' || child.local === 'playsound' ? [] : [child];
  });
}

function functionCautions(element: XmlElement): readonly Caution[] {
  const { at } = element;
  const attributes = element.attributes.flatMap(({ value }) => namesIn(value));
  const script = element.local === 'script' ? textOf(element) : '';
  const lines = script.split('\n').flatMap((line, index) =>
    namesIn(line).map((name) => ({
      name,
      at: index === 0 ? at : { ...at, line: at.line + index, column: 1 },
    })),
  );
  return [...attributes.map((name) => ({ name, at })), ...lines].map(({ name, at: where }) => ({
    message: `${name} needs a configuration server: it throws here`,
    at: where,
  }));
}

function namesIn(code: string): readonly string[] {
  return [...code.matchAll(FUNCTIONS)].map(([name]) => name.replace(/\s+/g, ''));
}
