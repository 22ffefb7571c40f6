/**
 * Whom a document lets read it through `data` (VoiceXML 2.1, 5.1): an instruction before its root element,
 * `<?access-control allow="*.example.com" deny="old.example.com"?>`. Without one everybody may.
 */

/** @param text of the document @param reader address of the page that asks */
export function mayRead(text: string, reader: string): boolean {
  const [prolog = ''] = text.split(/<[A-Za-z_]/, 1);
  const instruction = /<\?access-control\s([^?]{0,2000})\?>/.exec(prolog)?.[1];
  if (instruction === undefined) return true;
  const { hostname } = new URL(reader);
  const names = (attribute: string): string[] => {
    const list =
      new RegExp(`\\b${attribute}\\s*=\\s*["']([^"']*)["']`).exec(instruction)?.[1] ?? '';
    return list
      .toLowerCase()
      .split(/\s+/)
      .filter((name) => name !== '');
  };
  const isMeant = (name: string): boolean => {
    if (name === '*') return true;
    return name.startsWith('*.') ? hostname.endsWith(name.slice(1)) : name === hostname;
  };
  return names('allow').some(isMeant) && !names('deny').some(isMeant);
}
