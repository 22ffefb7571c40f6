/**
 * What is read out as digits, a number, a date... in recorded fragments: names of files `say/LANGUAGE/NAME`
 * under the media directory. The packaged fragments are English; fragments of another language with the
 * same names are read in the same order.
 */

export type SpokenForm = readonly string[];

const MONTHS =
  'january february march april may june july august september october november december'.split(
    ' ',
  );
const CURRENCIES: Readonly<Record<string, readonly [string, string]>> = {
  USD: ['dollars', 'cents'],
  EUR: ['euros', 'cents'],
  GBP: ['pounds', 'pence'],
};
const NUMBER_MAX = 999_999_999;

/**
 * @param as `digits`, `number`, `cardinal`, `ordinal`, `date`, `time`, `currency`, `telephone`, with or
 *   without `vxml:`
 * @returns names of fragments without folder and ending; undefined = it cannot be said in fragments
 */
export function fragmentsFor(
  as: string,
  text: string,
  format: string | undefined,
): SpokenForm | undefined {
  const value = text.trim();
  switch (as.replace(/^vxml:/, '').toLowerCase()) {
    case 'digits':
    case 'characters':
    case 'spell-out':
    case 'telephone':
    case 'phone':
      return spelled(value);
    case 'number':
    case 'cardinal':
      return format === 'digits' ? spelled(value) : number(value);
    case 'ordinal':
      return ordinal(value);
    case 'date':
      return date(value);
    case 'time':
      return time(value);
    case 'currency':
      return currency(value);
    default:
      return undefined;
  }
}

/** @param name of a fragment @returns its file, below the media directory or the packaged one */
export function fragmentFile(name: string, language: string): string {
  return `say/${language}/${name}.wav`;
}

/** Of text that only has digits in it, when there is no voice for text. */
export function spelled(text: string): SpokenForm | undefined {
  const signs = [...text.replace(/[\s()./-]/g, '')];
  const names = signs.map((sign) => {
    if (/^[0-9]$/.test(sign)) return sign;
    return { '*': 'star', '#': 'pound', '+': 'plus', x: 'extension' }[sign];
  });
  return names.length > 0 && names.every((name) => name !== undefined) ? names : undefined;
}

function number(text: string): SpokenForm | undefined {
  const found = /^([+-]?)(\d{1,9})(?:\.(\d{1,9}))?$/.exec(text);
  if (!found) return undefined;
  const [, sign, whole = '', rest] = found;
  return [
    ...(sign === '-' ? ['minus'] : []),
    ...cardinal(Number(whole)),
    ...(rest === undefined ? [] : ['point', ...rest]),
  ];
}

function cardinal(value: number): string[] {
  if (value > NUMBER_MAX) return [...String(value)];
  const groups: readonly (readonly [number, string])[] = [
    [1_000_000, 'million'],
    [1000, 'thousand'],
    [100, 'hundred'],
  ];
  for (const [size, name] of groups) {
    if (value < size) continue;
    const rest = value % size;
    return [...cardinal(Math.floor(value / size)), name, ...(rest > 0 ? cardinal(rest) : [])];
  }
  if (value < 20 || value % 10 === 0) return [String(value)];
  return [String(value - (value % 10)), String(value % 10)];
}

function ordinal(text: string): SpokenForm | undefined {
  const value = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= 31 ? [`ordinal-${value}`] : undefined;
}

/** `yyyymmdd`, with or without signs between; `?` where a part is open. */
function date(text: string): SpokenForm | undefined {
  const found = /^(\d{4}|\?{4})[-/.]?(\d{2}|\?{2})[-/.]?(\d{2}|\?{2})$/.exec(text);
  if (!found) return undefined;
  const [, year = '', monthText = '', dayText = ''] = found;
  const month = MONTHS[Number(monthText) - 1];
  const day = dayText.startsWith('?') ? [] : ordinal(String(Number(dayText)));
  if ((month === undefined && !monthText.startsWith('?')) || !day) return undefined;
  const years = year.startsWith('?') ? [] : yearOf(Number(year));
  return [...(month === undefined ? [] : [month]), ...day, ...years];
}

function yearOf(year: number): string[] {
  const [century, rest] = [Math.floor(year / 100), year % 100];
  if (century === 20 && rest < 10) return cardinal(year);
  if (rest === 0) return [...cardinal(century), 'hundred'];
  return [...cardinal(century), ...(rest < 10 ? ['0', String(rest)] : cardinal(rest))];
}

/** `hhmm` with `a`, `p`, `h` or `?` behind it. */
function time(text: string): SpokenForm | undefined {
  const found = /^(\d{1,2}):?(\d{2})([aph?]?)$/.exec(text);
  if (!found) return undefined;
  const [, hourText = '', minuteText = '', half = ''] = found;
  const [hour, minute] = [Number(hourText), Number(minuteText)];
  if (hour > 23 || minute > 59) return undefined;
  const minutes = minute === 0 ? [] : minute < 10 ? ['0', String(minute)] : cardinal(minute);
  const suffix = { a: ['am'], p: ['pm'], h: [], '?': [], '': [] }[half] ?? [];
  return [...cardinal(hour), ...minutes, ...suffix];
}

/** `USD12.50`, or an amount without a currency. */
function currency(text: string): SpokenForm | undefined {
  const found = /^([A-Z]{3})?\s?(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text);
  if (!found) return undefined;
  const [, code, whole = '', rest] = found;
  const cents = rest === undefined ? 0 : Number(rest.padEnd(2, '0'));
  if (code === undefined) return number(rest === undefined ? whole : `${whole}.${rest}`);
  const names = CURRENCIES[code];
  if (!names) return undefined;
  const [major, minor] = names;
  return [
    ...cardinal(Number(whole)),
    major,
    ...(cents > 0 ? ['and', ...cardinal(cents), minor] : []),
  ];
}
