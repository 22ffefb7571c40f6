/** The built-in types for keys (VoiceXML 2.0, appendix P). */
import { badFetch, semantic } from '../errors.js';
import { anyOf, keys, repeat, sequence, type DtmfGrammar, type Expansion } from './grammar.js';

const DIGIT = anyOf('0123456789');
const BUILTIN_URI = /^builtin:(dtmf|grammar)\/([a-z]+)(?:\?(.*))?$/i;

/** `builtin:dtmf/digits?length=4`. @returns undefined when it is no such address */
export function builtinOfUri(uri: string): DtmfGrammar | undefined {
  const found = BUILTIN_URI.exec(uri.trim());
  if (!found) return undefined;
  return builtinGrammar(found[2] ?? '', found[3]);
}

/** A field's `type`, such as `digits?minlength=3;maxlength=5`. @throws PageEvent */
export function builtinOfType(type: string): DtmfGrammar {
  const [name = '', parameters] = type.trim().split('?');
  return builtinGrammar(name, parameters);
}

export const BUILTIN_TYPES = [
  'boolean',
  'date',
  'digits',
  'currency',
  'number',
  'phone',
  'time',
] as const;

/** @throws PageEvent error.badfetch for bad parameters, error.unsupported.builtin for other types */
function builtinGrammar(name: string, parameters: string | undefined): DtmfGrammar {
  const given = parametersOf(parameters);
  switch (name) {
    case 'boolean':
      return boolean(given);
    case 'date':
      return { root: sequence(repeat(DIGIT, 4, 4), month(), day()) };
    case 'digits':
      return { root: digits(given) };
    case 'currency':
      return {
        root: sequence(
          repeat(DIGIT, 1, 20),
          repeat(sequence(keys('*'), repeat(DIGIT, 0, 2)), 0, 1),
        ),
        meaning: (pressed) => JSON.stringify(pressed.replace('*', '.')),
      };
    case 'number':
      return {
        root: {
          kind: 'one-of',
          parts: [
            sequence(repeat(DIGIT, 1), repeat(sequence(keys('*'), repeat(DIGIT, 0)), 0, 1)),
            sequence(keys('*'), repeat(DIGIT, 1)),
          ],
        },
        meaning: (pressed) => JSON.stringify(pressed.replace('*', '.')),
      };
    case 'phone':
      return {
        root: sequence(repeat(DIGIT, 1), repeat(sequence(keys('*'), repeat(DIGIT, 1)), 0, 1)),
        meaning: (pressed) => JSON.stringify(pressed.replace('*', 'x')),
      };
    case 'time':
      return { root: sequence(hour(), anyOf('012345'), DIGIT), meaning: timeOf };
    default:
      throw semantic(`there is no built-in type ${name.slice(0, 40)}`);
  }
}

/** `1` and `2`, or what `y` and `n` say. */
function boolean(given: ReadonlyMap<string, string>): DtmfGrammar {
  const yes = key(given.get('y') ?? '1');
  const no = key(given.get('n') ?? '2');
  if (yes === no) throw badFetch('boolean: y and n are the same key');
  return {
    root: { kind: 'one-of', parts: [keys(yes), keys(no)] },
    meaning: (pressed) => String(pressed === yes),
  };
}

function digits(given: ReadonlyMap<string, string>): Expansion {
  const length = count(given, 'length');
  const min = count(given, 'minlength');
  const max = count(given, 'maxlength');
  if (length !== undefined) {
    if ((min ?? length) > length || (max ?? length) < length) {
      throw badFetch('digits: length contradicts minlength or maxlength');
    }
    return repeat(DIGIT, length, length);
  }
  if ((min ?? 1) > (max ?? Infinity)) throw badFetch('digits: minlength is above maxlength');
  return repeat(DIGIT, min ?? 1, max ?? Infinity);
}

function month(): Expansion {
  return {
    kind: 'one-of',
    parts: [sequence(keys('0'), anyOf('123456789')), sequence(keys('1'), anyOf('012'))],
  };
}

function day(): Expansion {
  return {
    kind: 'one-of',
    parts: [
      sequence(keys('0'), anyOf('123456789')),
      sequence(anyOf('12'), DIGIT),
      sequence(keys('3'), anyOf('01')),
    ],
  };
}

function hour(): Expansion {
  return {
    kind: 'one-of',
    parts: [sequence(anyOf('01'), DIGIT), sequence(keys('2'), anyOf('0123'))],
  };
}

/** Keys do not say whether it is morning: `h` for a time of 24 hours, `?` where it is open. */
function timeOf(pressed: string): string {
  const hours = Number(pressed.slice(0, 2));
  return JSON.stringify(pressed + (hours === 0 || hours > 12 ? 'h' : '?'));
}

function key(text: string): string {
  if (!/^[0-9*#]$/.test(text)) throw badFetch(`boolean: ${text.slice(0, 20)} is no key`);
  return text;
}

const COUNT_MAX = 200;

function count(given: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = given.get(name);
  if (text === undefined) return undefined;
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > COUNT_MAX) throw badFetch(`digits: ${name} is 1 to ${COUNT_MAX}`);
  return number;
}

function parametersOf(text: string | undefined): Map<string, string> {
  const pairs = (text ?? '').split(/[;&]/).filter((pair) => pair.trim() !== '');
  return new Map(
    pairs.map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      return [name.trim().toLowerCase(), value.trim()] as const;
    }),
  );
}
