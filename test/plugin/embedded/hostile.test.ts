/**
 * Pages that mean harm, or are broken as if they did, in real threads behind the real fetcher: each ends
 * by itself with a code of its own, while an honest session beside them goes on.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../src/adapters/clock/system-clock.js';
import {
  createSecureFetcher,
  type SecureFetcher,
} from '../../../src/adapters/fetch/secure-fetcher.js';
import { startScxmlPool } from '../../../src/adapters/scxml/start-scxml-pool.js';
import { EmbeddedRunner } from '../../../src/plugin/embedded/embedded-runner.js';
import type { SessionEnvironment } from '../../../src/plugin/embedded/orchestrated-session.js';
import { OrchestratedSession } from '../../../src/plugin/embedded/orchestrated-session.js';
import { SessionDirectory, sessionHost } from '../../../src/plugin/embedded/session-directory.js';
import type { ScxmlPool } from '../../../src/plugin/scxml/worker/pool.js';
import { page } from './bed.js';

const XI = 'xmlns:xi="http://www.w3.org/2001/XInclude"';
const inEntry = (content: string): string =>
  page(`<state id="s"><onentry>${content}</onentry></state>`);
const looping = (script: string): string => inEntry(`<script>${script}</script>`);

/** By path: the page, or what the server does instead of sending one. */
const PAGES: Readonly<Record<string, string | ((response: ServerResponse) => void)>> = {
  '/eventless': page(
    '<state id="a"><transition target="b"/></state><state id="b"><transition target="a"/></state>',
  ),
  '/internal': page(
    '<state id="a"><onentry><raise event="e"/></onentry><transition event="e" target="a"/></state>',
  ),
  '/external': page(
    `<state id="a"><onentry><send event="'e'"/></onentry><transition event="e" target="a"/></state>`,
  ),
  '/script': looping('for (;;) {}'),
  '/memory': looping('var a = []; for (;;) a.push({ a: [1, 2, 3] });'),
  '/text': looping(`'x'.repeat(1000000000)`),
  '/recursion': page(
    `<script>function f() { return f(); }</script><state id="s"><onentry><log expr="f()"/></onentry>
     <transition event="error.execution" target="end"/></state><final id="end"/>`,
  ),
  '/deep': `<scxml version="1.0">${'<state>'.repeat(20_000)}${'</state>'.repeat(20_000)}</scxml>`,
  '/self': page(`<xi:include ${XI} href="self" parse="xml"/>`),
  '/dtd': `<!DOCTYPE scxml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><scxml><state id="&b;"/></scxml>`,
  '/entity': `<!DOCTYPE scxml SYSTEM "file:///etc/passwd"><scxml><state id="s"/></scxml>`,
  '/undeclared': `<scxml><state id="&file;"/></scxml>`,
  '/many': page('<state/>'.repeat(60_000)),
  '/timers': page(
    `<state id="s"><onentry><foreach array="new Array(300).join('x').split('')" item="i"><send event="'e'" delay="'1h'"/></foreach></onentry></state>`,
  ),
  '/fetches': page(
    `<script>${`<xi:include ${XI} href="empty" parse="text"/>`.repeat(60)}</script><state id="s"/>`,
  ),
  '/empty': ' ',
  '/redirect': (response) => response.writeHead(302, { location: '/redirect' }).end(),
  '/elsewhere': (response) =>
    response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
  '/gigabyte': (response) => {
    response.writeHead(200, { 'content-length': String(1024 ** 3) });
    const chunk = Buffer.alloc(64 * 1024, 0x20);
    const pump = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', pump);
    pump();
  },
  '/silent': () => undefined,
  '/drip': (response) => {
    response.socket?.write('HTTP/1.1 200 OK\r\n');
    const drip = setInterval(() => response.socket?.write('x-more: x\r\n'), 500);
    response.socket?.on('close', () => clearInterval(drip));
  },
  '/headers': (response) => response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end(),
  '/truncated': (response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('<scxml>');
    setImmediate(() => response.destroy());
  },
  /** No loop and no call between them, which are all that the engine asks at. */
  '/uninterrupted': looping(`var x = 3n ** 300000n; ${'x * x;'.repeat(5000)}`),
  '/half': '<scxml version="1.0"><state id="s">',
  '/requests': page(
    `<state id="s"><onentry><dialog:play/></onentry><transition event="error"><dialog:play/></transition></state>`,
  ),
};

const ENDS: readonly (readonly [path: string, code: string])[] = [
  ['/eventless', 'SCXML_EVENTLESS_LOOP'],
  ['/internal', 'SCXML_INTERNAL_EVENT_LOOP'],
  ['/external', 'SCXML_EXTERNAL_EVENT_LOOP'],
  ['/script', 'SCXML_SCRIPT_TOO_LONG'],
  ['/memory', 'SCXML_OUT_OF_MEMORY'],
  ['/text', 'SCXML_OUT_OF_MEMORY'],
  ['/recursion', 'PLUGIN_NO_REPLY'],
  ['/deep', 'SCXML_XML_TOO_DEEP'],
  ['/self', 'SCXML_INCLUDE_TOO_DEEP'],
  ['/dtd', 'SCXML_XML_DOCTYPE'],
  ['/entity', 'SCXML_XML_DOCTYPE'],
  ['/undeclared', 'SCXML_XML_MALFORMED'],
  ['/many', 'SCXML_XML_TOO_MANY_ELEMENTS'],
  ['/timers', 'SCXML_TOO_MANY_TIMERS'],
  ['/fetches', 'SCXML_TOO_MANY_FETCHES'],
  ['/redirect', 'FETCH_TOO_MANY_REDIRECTS'],
  ['/elsewhere', 'FETCH_NOT_ALLOWED'],
  ['/gigabyte', 'FETCH_TOO_LARGE'],
  ['/silent', 'FETCH_TIMEOUT'],
  ['/drip', 'FETCH_TIMEOUT'],
  ['/headers', 'FETCH_BROKEN'],
  ['/truncated', 'FETCH_BROKEN'],
  ['/half', 'SCXML_XML_MALFORMED'],
  ['/requests', 'SCXML_TOO_MANY_REQUESTS'],
];

/** A machine with no time to spare lets none of these pages meet the clock before its own limit. */
const LIMITS = { scriptTicks: 300, macrostepMs: 120_000 };

describe('hostile pages', function () {
  this.timeout(240_000);
  let server: Server;
  let origin: string;
  let fetcher: SecureFetcher;
  let pool: ScxmlPool;
  let environment: SessionEnvironment;

  before(async () => {
    server = createServer((request, response) => {
      const found = PAGES[request.url ?? ''];
      if (typeof found === 'function') found(response);
      else response.writeHead(found === undefined ? 404 : 200).end(found);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    fetcher = createSecureFetcher({
      allowedOrigins: new Set([origin]),
      allowedAddresses: () => [],
    });
    const directory = new SessionDirectory();
    pool = await startScxmlPool({
      host: sessionHost(directory, fetcher),
      threads: 2,
      limits: LIMITS,
    });
    environment = { sessions: pool, directory, clock: systemClock(), fetcher, newId: randomUUID };
  });
  after(async () => {
    await pool.stop();
    await fetcher.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** @returns the code of its failure */
  function outcomeOf(path: string): Promise<string> {
    return new Promise((resolve) => {
      const runner = new EmbeddedRunner(environment);
      runner.start(
        {
          url: origin + path,
          parameters: {
            _call_state: 7,
            _call_state_name: 'NoAnswer',
            _interaction_id: undefined,
            _customer_number: '+49301',
            _dialed_number: '+49301',
            _gms_service_id: 'g',
            _ors_service_id: 'o',
            _user_data: {},
            _dial_attempt: 1,
            _ttl: 120,
            _reply_url: 'http://127.0.0.1/reply',
          },
          call: undefined,
          isAssociated: false,
          ttlMs: 120_000,
        },
        {
          reply: () => assert.fail('a hostile page has replied'),
          failed: (code) => resolve(code),
          trail: () => undefined,
        },
      );
    });
  }

  it('each end with their own code while an honest session answers, and are gone after', async () => {
    const honest = startHonest();
    const outcomes = await Promise.all(
      ENDS.map(async ([path]) => [path, await outcomeOf(path)] as const),
    );
    const { asked, answered } = await honest.stop();
    assert.deepEqual(outcomes, ENDS);
    assert.ok(asked > 3, `asked ${asked} times`);
    assert.equal(answered, asked);
    assert.equal(pool.stats().sessions, 0);
    assert.equal(environment.directory.size, 0);
  });

  it('that cannot be interrupted take their thread along, and no proven page with it', async () => {
    await startHonest().stop();
    // One in each thread.
    const honest = [startHonest(), startHonest()];
    const outcome = await outcomeOf('/uninterrupted');
    const counts = await Promise.all(honest.map((one) => one.stop()));
    assert.equal(outcome, 'SCXML_WORKER_LOST');
    for (const { asked, answered } of counts) {
      assert.ok(asked > 3, `asked ${asked} times`);
      assert.equal(answered, asked);
    }
  });

  it('leave the threads fit for the next page', async () => {
    for (let round = 0; round < 3; round++) {
      const codes = await Promise.all(['/memory', '/memory', '/script'].map(outcomeOf));
      assert.deepEqual(codes, [
        'SCXML_OUT_OF_MEMORY',
        'SCXML_OUT_OF_MEMORY',
        'SCXML_SCRIPT_TOO_LONG',
      ]);
    }
    const honest = startHonest();
    const { asked, answered } = await honest.stop();
    assert.equal(answered, asked);
  });

  /** A session that is asked something again and again. */
  function startHonest() {
    const text = page(`<state id="s"><transition event="ask">
      <session:response requestid="_event.sendid" type="'positive'"/></transition></state>`);
    const source = {
      ...environment,
      sessions: {
        start: (start: Parameters<ScxmlPool['start']>[0]) =>
          pool.start({ ...start, document: { kind: 'source', text, file: 'honest.scxml' } }),
      },
    };
    const session = new OrchestratedSession(source, {
      url: 'honest',
      parameters: {},
      trail: () => undefined,
    });
    let isStopping = false;
    let asked = 0;
    let answered = 0;
    const run = (async () => {
      do {
        asked++;
        const outcome = await session.request('ask', {});
        if (outcome.kind === 'answered') answered++;
        await new Promise<void>((resolve) => environment.clock.after(50, resolve));
      } while (!isStopping);
    })();
    return {
      stop: async () => {
        isStopping = true;
        await run;
        session.terminate();
        await session.ended;
        return { asked, answered };
      },
    };
  }
});
