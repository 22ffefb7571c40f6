/** Reading attributes of core elements, and refusing those that are missing or make no sense. */
import { DocumentError } from '../errors.js';
import { SCXML_NAMESPACE } from './model.js';
import { attributeOf, type XmlElement } from './xml.js';

/** Elements without any namespace are taken for SCXML's, as hand-written pages have them. */
export function isCore(element: XmlElement): boolean {
  return element.uri === SCXML_NAMESPACE || element.uri === '';
}

/** @throws DocumentError when the attribute is there with another value */
export function oneOf(
  element: XmlElement,
  attribute: string,
  allowed: readonly string[],
): string | undefined {
  const value = attributeOf(element, attribute);
  if (value === undefined || allowed.includes(value)) return value;
  throw new DocumentError(
    'SCXML_BAD_ATTRIBUTE',
    `${attribute}="${value}" is none of ${allowed.join(', ')}`,
    element.at,
  );
}

export function words(list: string): string[] {
  return list.split(/\s+/).filter((word) => word !== '');
}

/** @throws DocumentError `SCXML_MISSING_ATTRIBUTE` */
export function required(element: XmlElement, attribute: string): string {
  const value = attributeOf(element, attribute);
  if (value === undefined) throw missing(element, attribute);
  return value;
}

export function missing(element: XmlElement, attribute: string): DocumentError {
  const message = `<${element.name}> needs ${attribute}`;
  return new DocumentError('SCXML_MISSING_ATTRIBUTE', message, element.at);
}

export function both(element: XmlElement, one: string, other: string): DocumentError {
  const message = `<${element.name}> has both ${one} and ${other}`;
  return new DocumentError('SCXML_BAD_ATTRIBUTE', message, element.at);
}
