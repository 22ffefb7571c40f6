/** The elements of VoiceXML 2.1 and of the speech markup in it, and which may stand in which. */
import type { XmlElement } from '../../plugin/scxml/document/xml.js';

const CATCHES = ['catch', 'error', 'help', 'noinput', 'nomatch'];
const SPEECH =
  'break emphasis phoneme prosody say-as voice sub p s paragraph sentence mark desc lexicon metadata meta'.split(
    ' ',
  );
const SOUND = ['audio', 'value', 'enumerate', 'foreach', ...SPEECH];
const EXECUTABLE = [
  ...'assign clear data disconnect exit goto if log prompt reprompt return script submit throw var'.split(
    ' ',
  ),
  ...SOUND,
];
const INPUT = [...CATCHES, 'filled', 'prompt', 'property', ...SOUND];

const CHILDREN: Readonly<Record<string, readonly string[]>> = {
  vxml: [...CATCHES, ...'data form link menu meta metadata property script var'.split(' ')],
  form: [
    ...CATCHES,
    ...'block data field filled grammar initial link object property record script subdialog transfer var'.split(
      ' ',
    ),
  ],
  menu: [...CATCHES, 'choice', 'prompt', 'property', 'script', 'grammar', ...SOUND],
  field: [...INPUT, 'grammar', 'link', 'option'],
  initial: [...CATCHES, 'link', 'prompt', 'property', ...SOUND],
  record: [...INPUT, 'grammar'],
  transfer: [...INPUT, 'grammar'],
  subdialog: [...INPUT, 'param'],
  object: [...INPUT, 'param'],
  block: EXECUTABLE,
  filled: EXECUTABLE,
  catch: EXECUTABLE,
  error: EXECUTABLE,
  help: EXECUTABLE,
  noinput: EXECUTABLE,
  nomatch: EXECUTABLE,
  if: [...EXECUTABLE, 'elseif', 'else'],
  foreach: EXECUTABLE,
  prompt: SOUND,
  audio: SOUND,
  choice: ['grammar', ...SOUND],
  option: ['value', 'audio'],
  link: ['grammar'],
  log: ['value'],
  elseif: [],
  else: [],
  var: [],
  assign: [],
  clear: [],
  goto: [],
  disconnect: [],
  exit: [],
  return: [],
  throw: [],
  submit: [],
  reprompt: [],
  value: [],
  property: [],
  param: [],
  data: [],
  script: [],
};

const ALLOWED = new Map(Object.entries(CHILDREN).map(([name, names]) => [name, new Set(names)]));
const KNOWN = new Set([...Object.keys(CHILDREN), ...Object.values(CHILDREN).flat()]);

export const INPUT_ITEMS: ReadonlySet<string> = new Set(
  'field record object subdialog transfer'.split(' '),
);
export const FORM_ITEMS: ReadonlySet<string> = new Set([...INPUT_ITEMS, 'block', 'initial']);
export const CATCH_ELEMENTS: ReadonlySet<string> = new Set(CATCHES);

/** Of VoiceXML's namespace, the one of speech markup, or none. */
export function isOwn(element: XmlElement): boolean {
  return OWN_NAMESPACES.has(element.uri);
}

const OWN_NAMESPACES = new Set([
  '',
  'http://www.w3.org/2001/vxml',
  'http://www.w3.org/2001/10/synthesis',
  'http://www.w3.org/2001/06/grammar',
]);

export function isKnownElement(local: string): boolean {
  return KNOWN.has(local);
}

/** Undefined: whatever is known. */
export function childrenOf(local: string): ReadonlySet<string> | undefined {
  return ALLOWED.get(local);
}
