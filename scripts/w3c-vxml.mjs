// `npm run test:w3c-vxml -- FOLDER...`: cases of the W3C's implementation reports for VoiceXML 2.0 and 2.1
// (`*.txml`) against src/vxml. They are not ours to ship, so the folder is named; see docs/vxml.md. The reports'
// own markup (`conf:`) is mapped to keys: each word that a tester is to say is a key of its own, and the caller
// here does what the latest prompt asks for. Prints the count and what did not pass; exit 1 when one did not.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { argv, exit } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { virtualClock } from '../src/adapters/clock/virtual-clock.ts';
import { EnginePool } from '../src/plugin/scxml/script/engine-pool.ts';
import { Work } from '../src/plugin/scxml/session/work.ts';
import { runSession } from '../src/vxml/interpreter/session.ts';
import { DEFAULT_PAGE_LIMITS } from '../src/vxml/limits.ts';
import { engineOn } from '../src/vxml/script/page-engine.ts';
import { LinePlatform } from '../src/vxml/line/line-platform.ts';
import { ScriptedLine } from '../src/vxml/line/scripted-line.ts';

const LONGEST_MS = 600_000;
/** What a tester is told to say, the word for it in a grammar, and our key. */
const WORDS = [
  ['alpha', 'chicago', '1'],
  ['bravo', 'san francisco', '2'],
  ['charlie', 'new york', '3'],
  ['delta', 'london', '4'],
  ['echo', 'tokyo', '5'],
  ['foxtrot', 'truth or consequences', '6'],
  ['golf', 'hackensack', '7'],
  ['hotel', 'standardsville', '8'],
  ['yes', 'yes', '9'],
];
const keyOf = (word) => WORDS.find((names) => names.includes(word.trim().toLowerCase()))?.[2];

const attribute = (text, name) =>
  new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(text)?.slice(1).find(Boolean);

/** The value of an `interp`, or of nested `conf:key` elements, as ECMAScript. */
function meaningOf(head, body) {
  const interp = attribute(head, 'interp');
  if (interp !== undefined) return JSON.stringify(interp);
  const object = (text) => {
    const pairs = [];
    const key = /<conf:key\b([^>]*?)(?:\/>|>((?:(?!<conf:key\b)[\s\S])*?)<\/conf:key>)/g;
    for (const [, inner, content] of text.matchAll(key)) {
      const value = attribute(inner, 'value');
      const own = value === undefined ? object(content ?? '') : JSON.stringify(value);
      pairs.push(`${JSON.stringify(attribute(inner, 'name'))}:${own}`);
    }
    return `{${pairs.join(',')}}`;
  };
  return /<conf:key/.test(body ?? '') ? `(${object(body)})` : undefined;
}

let rules = 0;
function grammar(head, body) {
  const key = attribute(head, 'dtmf') ?? keyOf(attribute(head, 'utterance') ?? '');
  if (key === undefined) throw new Error(`no key for ${head}`);
  const meaning = meaningOf(head, body);
  const said = attribute(head, 'utterance');
  const value = meaning ?? JSON.stringify(WORDS.find(([name]) => name === said)?.[1] ?? key);
  const rule = `rule${++rules}`;
  return `<grammar mode="dtmf" version="1.0" root="${rule}" tag-format="semantics/1.0"><rule id="${rule}" scope="public"><one-of><item>${[...key].join(' ')}<tag><![CDATA[out=${value};]]></tag></item></one-of></rule></grammar>`;
}

/** A choice by a word gets the word's key. */
function choices(source) {
  return source.replace(
    /<choice\b([^>]*)>(\s*<conf:phrase utterance="(\w+)"\/>)/g,
    (_all, head, body, word) => `<choice${head} dtmf="${keyOf(word)}">${body}`,
  );
}

/** From the reports' markup to what runs here. */
function translated(text) {
  const element = (name, make) => (source) =>
    source.replace(
      new RegExp(`<conf:${name}\\b([^>]*?)(?:/>|>([\\s\\S]*?)</conf:${name}>)`, 'g'),
      (_all, head, body) => make(head, body),
    );
  const failed = (head) => {
    const why =
      attribute(head, 'expr') ?? `'${(attribute(head, 'reason') ?? '').replace(/'/g, '’')}'`;
    return `<exit expr="'fail: ' + (${why})"/>`;
  };
  const steps = [
    element('pass', () => `<exit expr="'pass'"/>`),
    element('fail', failed),
    element('comment', (_head, body) => `<log>${body ?? ''}</log>`),
    element('grammar', grammar),
    element('speech', (head) => `<prompt>Say ${attribute(head, 'value')}.</prompt>`),
    element('dtmf', (head) => `<prompt>Press ${attribute(head, 'value')}.</prompt>`),
    element('noinput', () => '<prompt>Say nothing.</prompt>'),
    element('nomatch', () => '<prompt>Press 0.</prompt>'),
    element('recording', () => '<prompt>Recite something.</prompt>'),
    element('hangup', () => '<prompt>Hang up now.</prompt>'),
    choices,
    element('phrase', (head) => attribute(head, 'utterance') ?? ''),
  ];
  return steps.reduce((source, step) => step(source), text);
}

/** What the caller does after hearing a prompt; undefined = it asks for nothing. */
function reaction(prompt) {
  if (/\bhang\s?up\b/i.test(prompt)) return { kind: 'hang-up', isDuringPrompt: false };
  if (/say nothing|\bsilent\b/i.test(prompt)) return { kind: 'silence' };
  if (/recite|record/i.test(prompt)) return { kind: 'speak', durationMs: 5000 };
  const keys = /press\s+['"]?([0-9*#]+)/i.exec(prompt)?.[1];
  if (keys !== undefined) return { kind: 'digits', digits: keys, isDuringPrompt: false };
  const said = /\bsay\b([\s\S]*)/i.exec(prompt)?.[1]?.toLowerCase() ?? '';
  const key = WORDS.find(([name, word]) => said.includes(name) || said.includes(word))?.[2];
  return key === undefined ? undefined : { kind: 'digits', digits: key, isDuringPrompt: false };
}

/**
 * Where a case names a server of its authors, the file of that name beside it is meant; `.vxml` is what a
 * `.txml` is called once it is translated. Undefined: there is none.
 */
function localPath(url, folder) {
  const { protocol, pathname } = new URL(url);
  const path =
    protocol === 'file:'
      ? fileURLToPath(url.replace(/[?#].*$/, ''))
      : join(folder, decodeURIComponent(basename(pathname)));
  return [path, path.replace(/\.vxml$/, '.txml')].find((one) => existsSync(one));
}

const numberOf = (file) => /\d+/.exec(basename(file))?.[0] ?? '';

/** Where the case's own words tell the tester what to do while connected. */
function actionsIn(file) {
  const acts = {
    290: { kind: 'digits', digits: '1', isDuringPrompt: true },
    300: { kind: 'hang-up', isDuringPrompt: true },
  };
  const act = acts[numberOf(file)];
  return act ? [act] : [];
}

async function run(file, engines) {
  await engines.ready();
  const clock = virtualClock();
  const actions = actionsIn(file);
  const heard = [];
  const pathOf = (url) => localPath(url, dirname(file));
  const fetch = ({ url }) => {
    const path = pathOf(url);
    if (path === undefined)
      return Promise.resolve({ kind: 'failed', suffix: '.http.404', why: 'not found' });
    return Promise.resolve({ kind: 'ok', text: translated(readFileSync(path, 'utf8')), url });
  };
  const line = new ScriptedLine({
    clock,
    actions,
    fetch,
    isPlayable: (url) => pathOf(url) !== undefined,
    transfer: ({ kind }) =>
      kind === 'blind'
        ? { kind: 'transferred' }
        : { kind: 'ended', result: outcomeOf(file), durationMs: 5000 },
    onEvent: ({ what, detail }) => {
      heard.push(`${what}: ${detail}`);
      const action = what === 'prompt' ? reaction(detail) : undefined;
      if (action) actions.splice(0, actions.length, action);
    },
  });
  let end;
  const ended = runSession(
    { url: pathToFileURL(file).href, variables: { connection: '{"remote":{"uri":"tel:1"}}' } },
    new LinePlatform(line, clock, 256),
    engineOn(engines.take()),
    new Work(clock, DEFAULT_PAGE_LIMITS),
  ).then(
    (how) => (end = how),
    (error) => (end = { kind: 'broken', message: String(error?.stack ?? error) }),
  );
  for (let waitedMs = 0; !end && waitedMs < LONGEST_MS; waitedMs += 1000) await clock.advance(1000);
  if (!end) return { verdict: 'does not end', heard };
  await ended;
  return { verdict: verdictOn(end, readFileSync(file, 'utf8')), heard };
}

function verdictOn(end, source) {
  const value =
    end.kind === 'exited' && end.value !== undefined ? JSON.parse(end.value) : undefined;
  const isFailed = String(value).startsWith('fail: ');
  // Cases for a tester's ear say nothing when all is well.
  if (end.kind === 'exited' && !isFailed && !source.includes('<conf:pass')) return 'pass';
  if (value === 'pass') return 'pass';
  const isRefused = end.event === 'error.badfetch' && end.kind === 'refused';
  if (isRefused && /<catch event="error\.badfetch">\s*<conf:pass/.test(source)) return 'pass';
  if (String(value ?? '').includes('error.unsupported.format')) return 'speech';
  return value ?? `${end.kind} ${end.event ?? ''} ${end.message ?? ''}`.trim();
}

/** Transfers are tests of the platform's own far sides: what each of them is to come to. */
function outcomeOf(file) {
  const outcomes = { 295: 'noanswer', 296: 'maxtime_disconnect', 301: 'busy', 302: 'network_busy' };
  return outcomes[numberOf(file)] ?? 'far_end_disconnect';
}

function filesBelow(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)))
    .filter((name) => name.endsWith('.txml'));
}

/** Pages that another one leads to are no tests of their own. */
function testsIn(folders) {
  const files = folders.flatMap(filesBelow);
  const named = new Set();
  for (const file of files) {
    const text = readFileSync(file, 'utf8').replace(/<!--[\s\S]*?-->/g, '');
    for (const [name] of text.matchAll(/[\w./-]+\.[tv]xml\b/g)) {
      const target = join(dirname(file), basename(name).replace(/\.vxml$/, '.txml'));
      if (target !== file) named.add(target);
    }
  }
  return files.filter((file) => !named.has(file));
}

const [flag, ...rest] = argv.slice(2);
const isVerbose = flag === '--verbose';
const folders = isVerbose ? rest : argv.slice(2);
if (folders.length === 0) {
  console.error('Usage: npm run test:w3c-vxml -- [--verbose] FOLDER_OR_FILE...');
  exit(2);
}
const engines = await EnginePool.create(2);
const tests = testsIn(folders);
const bad = [];
const speech = [];
for (const file of tests) {
  const { verdict, heard } = await run(file, engines).catch((error) => ({
    verdict: String(error),
    heard: [],
  }));
  if (verdict === 'pass') continue;
  if (verdict === 'speech') {
    speech.push(basename(file));
    continue;
  }
  bad.push(file);
  console.log(`${basename(file)}: ${verdict}`);
  if (isVerbose) for (const line of heard) console.log(`    ${line}`);
}
const judged = tests.length - speech.length;
console.log(`${judged - bad.length} of ${judged} passed; ${speech.length} need speech recognition`);
exit(bad.length > 0 ? 1 : 0);
