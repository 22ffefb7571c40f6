/** What is heard while something is fetched: `fetchaudio` of the element, else the property (2.0, 6.1.1 and 6.3.5). */
import { attributeOf, type XmlElement } from '../../plugin/scxml/document/xml.js';
import type { Page } from '../document/page.js';
import type { FetchAudio } from '../platform.js';
import { propertiesOf, type Env } from './env.js';
import { Properties } from './properties.js';

const MINIMUM_MAX_MS = 60_000;

/**
 * @param page the element stands in
 * @returns undefined where nothing is to be heard. @throws PageEvent error.semantic
 */
export function fetchAudioOf(
  element: XmlElement,
  env: Env,
  page = env.context.page,
): FetchAudio | undefined {
  const own = attributeOf(element, 'fetchaudio');
  const url = own === undefined ? propertyUrl(env) : addressOf(own, page);
  if (url === undefined) return undefined;
  const properties = propertiesOf(env);
  return {
    url,
    delayMs: properties.timeMs('fetchaudiodelay'),
    minimumMs: Math.min(properties.timeMs('fetchaudiominimum'), MINIMUM_MAX_MS),
  };
}

/** Relative to the page that sets it. */
function propertyUrl({ context, dialog, item }: Env): string | undefined {
  for (const page of context.pages()) {
    const inner = page === context.page ? [item?.element, dialog?.element] : [];
    const elements = [...inner, page.root].filter((one) => one !== undefined);
    const value = new Properties(elements).own('fetchaudio');
    if (value !== undefined) return addressOf(value, page);
  }
  return undefined;
}

/** An empty one, or one that is no address, is silence. */
function addressOf(reference: string, { base }: Page): string | undefined {
  if (reference.trim() === '' || !URL.canParse(reference, base)) return undefined;
  return new URL(reference, base).href;
}
