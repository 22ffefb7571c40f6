// `npm run test:w3c-scxml`: the W3C's own tests of SCXML 1.0 with the ECMAScript data model, against
// src/plugin/scxml in its threads, over real timers and a real HTTP server on loopback. Prints the count and every
// test that failed; exit 1 when a mandatory automatic one did. Arguments: numbers of single tests.
//
// The documents are not ours to ship: they come from a published package, whose archive is fetched
// once by npm, checked against the digest below and kept under node_modules/.cache.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { argv, exit } from 'node:process';
import { clearTimeout } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { fetch } from 'undici';
import { startScxmlPool } from '../src/adapters/scxml/start-scxml-pool.ts';
import { decodeHttpEvent } from '../src/plugin/scxml/session/http-events.ts';

const PACKAGE = '@scion-scxml/test-framework@2.0.16';
const SHA512 =
  '5rRd5CdFLUzmPaO43NSamBmhq6uW/0kUmUneEnqRSbAj0FiFVAINd1DfadUkdECT+xHLARCJZU7meQD4nqYyKw==';
const TOGETHER = 12;
const TEST_MAX_MS = 60_000;

// Sends itself an undelayed event after an HTTP post and expects the post to come first: passed only
// by a processor that answers HTTP inside `<send>`.
const IMPOSSIBLE = new Set(['201']);

const root = fileURLToPath(new URL('../', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'w3c-scxml');
const suite = join(cache, 'package', 'test', 'w3c-ecma');

function fetchSuite() {
  if (existsSync(join(suite, 'manifest.xml'))) return;
  mkdirSync(cache, { recursive: true });
  const packed = spawnSync('npm', ['pack', PACKAGE, '--silent', '--pack-destination', cache], {
    encoding: 'utf8',
  });
  const archive = join(cache, packed.stdout.trim().split('\n').at(-1) ?? '');
  if (packed.status !== 0) throw new Error(`npm pack ${PACKAGE}: ${packed.stderr}`);
  const digest = createHash('sha512').update(readFileSync(archive)).digest('base64');
  if (digest !== SHA512) {
    rmSync(archive);
    throw new Error(`${PACKAGE} is not the archive expected: sha512-${digest}`);
  }
  spawnSync('tar', ['xzf', archive, '-C', cache], { stdio: 'inherit' });
}

/** Every automatic test of the manifest: id, whether mandatory, the document's text. */
function readTests() {
  const manifest = readFileSync(join(suite, 'manifest.xml'), 'utf8');
  const tests = [];
  for (const [, head, body] of manifest.matchAll(/<test ([^>]*)>([\s\S]*?)<\/test>/g)) {
    const isMandatory = head.includes('conformance="mandatory"');
    const isManual = head.includes('manual="true"');
    for (const [, name] of body.matchAll(/<start uri="\d+\/test(\w+)\.txml"/g)) {
      const file = join(suite, `test${name}.txml.scxml`);
      if (existsSync(file))
        tests.push({
          name,
          isMandatory,
          isManual,
          text: original(name, readFileSync(file, 'utf8')),
        });
    }
  }
  return tests;
}

/** The package's copies of two tests differ from the W3C's: a namelist that is no expression there. */
function original(name, text) {
  if (name !== '553' && name !== '554') return text;
  return text.replace('namelist="foo"', 'namelist="&quot;foo"');
}

const sessions = new Map();

/** The receiving side of the Basic HTTP processor. */
async function startServer() {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const session = sessions.get(request.url.split('/').pop());
      response.writeHead(session ? 200 : 404).end();
      const { method, url: path, headers } = request;
      session?.send(decodeHttpEvent({ method, path, headers, body }));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const server = await startServer();
const base = `http://127.0.0.1:${server.address().port}/scxml/`;
const host = {
  async fetch({ reference }) {
    const file = join(suite, reference.replace(/^file:/, ''));
    if (!existsSync(file)) return { kind: 'failed', why: 'no such file' };
    return { kind: 'ok', text: readFileSync(file, 'utf8'), url: reference };
  },
  async post({ url, contentType, body }) {
    try {
      const reply = await fetch(url, {
        method: 'POST',
        body,
        headers: { 'content-type': contentType },
      });
      return reply.ok ? { kind: 'ok' } : { kind: 'failed', why: `HTTP ${reply.status}` };
    } catch (error) {
      return { kind: 'failed', why: String(error) };
    }
  },
};

/** @returns 'pass', or what happened instead */
async function runTest(pool, { name, text, isManual }) {
  let report;
  const over = new Promise((resolve) => (report = resolve));
  const timer = setTimeout(() => report('no end'), TEST_MAX_MS);
  const lines = [];
  const sessionId = `test${name}`;
  const running = pool.start({
    document: { kind: 'source', text, file: `test${name}.scxml` },
    sessionId,
    observer: {
      log: ({ label, value }) => lines.push(`${label}: ${value}`),
      ended: (end) => report(end.kind === 'final' ? end.state : JSON.stringify(end)),
    },
  });
  sessions.set(sessionId, running);
  const outcome = await over;
  clearTimeout(timer);
  running.terminate();
  sessions.delete(sessionId);
  const isPass = outcome === 'pass' || (isManual && outcome === 'final');
  return isPass ? 'pass' : [outcome, ...lines].join('; ');
}

fetchSuite();
const wanted = argv.slice(2);
const tests = readTests().filter(({ name, isManual }) =>
  wanted.length > 0 ? wanted.includes(name) : !isManual,
);
const pool = await startScxmlPool({ host, httpBase: base });
const results = [];
const waiting = [...tests];
await Promise.all(
  Array.from({ length: TOGETHER }, async () => {
    for (let test = waiting.shift(); test; test = waiting.shift())
      results.push({ ...test, outcome: await runTest(pool, test) });
  }),
);
await pool.stop();
server.close();
server.closeAllConnections();

const count = (kind) => {
  const of = results.filter(kind);
  return `${of.filter(({ outcome }) => outcome === 'pass').length} of ${of.length}`;
};
const failed = results.filter(({ outcome }) => outcome !== 'pass');
for (const { name, isMandatory, outcome } of failed) {
  const note = IMPOSSIBLE.has(name) ? ' (impossible for an asynchronous processor)' : '';
  console.log(`${isMandatory ? 'mandatory' : 'optional '} ${name}${note}: ${outcome}`);
}
console.log(`mandatory automatic tests: ${count(({ isMandatory }) => isMandatory)}`);
console.log(`optional automatic tests:  ${count(({ isMandatory }) => !isMandatory)}`);
exit(failed.some(({ isMandatory }) => isMandatory) ? 1 : 0);
