import assert from 'node:assert/strict';
import type { lookup } from 'node:dns';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { createSecureFetcher, FETCH_LIMITS } from '../../../src/adapters/fetch/secure-fetcher.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

describe('secure fetcher', () => {
  let server: Server;
  let origin: string;
  let answer: Handler = (_request, response) => response.end('ok');
  const allowed = new Set<string>();
  const networks: string[] = [];
  /** What the name service says. */
  const names = new Map<string, string>();
  const resolve = ((name: string, _options: object, done: (...args: unknown[]) => void) => {
    const address = names.get(name);
    if (address === undefined) return done(Object.assign(new Error(), { code: 'ENOTFOUND' }));
    return done(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
  }) as typeof lookup;
  const fetcher = createSecureFetcher({
    allowedOrigins: allowed,
    allowedAddresses: () => networks,
    lookup: resolve,
  });
  const portOf = (of: { address(): unknown }) => (of.address() as AddressInfo).port;

  before(async () => {
    server = createServer((request, response) => answer(request, response));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    origin = `http://127.0.0.1:${portOf(server)}`;
  });
  beforeEach(() => {
    allowed.clear();
    allowed.add(origin);
    networks.length = 0;
    names.clear();
    answer = (_request, response) => response.end('ok');
  });
  after(async () => {
    await fetcher.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  const code = async (url: string, more = {}) => {
    const outcome = await fetcher.fetch({ url, ...more });
    return outcome.kind === 'failed' ? outcome.code : outcome.status;
  };

  it('fetches from an allowed origin, whatever the status', async () => {
    answer = (_request, response) => response.writeHead(404, { 'x-why': 'gone' }).end('no page');
    const outcome = await fetcher.fetch({ url: `${origin}/page?a=1` });
    assert.ok(outcome.kind === 'answer');
    assert.deepEqual([outcome.status, outcome.body.toString()], [404, 'no page']);
    assert.equal(outcome.headers['x-why'], 'gone');
    assert.equal(outcome.url, `${origin}/page?a=1`);
  });

  it('sends method, headers and body', async () => {
    let seen = '';
    answer = (request, response) => {
      seen = `${request.method} ${String(request.headers['x-a'])} `;
      request.on('data', (chunk: Buffer) => (seen += chunk.toString()));
      request.on('end', () => response.end());
    };
    await fetcher.fetch({ url: origin, method: 'POST', headers: { 'X-A': 'b' }, body: 'hello' });
    assert.equal(seen, 'POST b hello');
  });

  it('refuses other schemes, credentials and origins', async () => {
    assert.equal(await code('file:///etc/passwd'), 'FETCH_BAD_URL');
    assert.equal(await code('no url'), 'FETCH_BAD_URL');
    assert.equal(await code(origin.replace('//', '//user:secret@')), 'FETCH_BAD_URL');
    assert.equal(await code('http://127.0.0.1:1/'), 'FETCH_NOT_ALLOWED');
    assert.equal(
      await code(origin.replace('127.0.0.1', '2130706433')),
      200,
      'one address, one origin',
    );
  });

  it('refuses names that lead inside, and takes them where the configuration says so', async () => {
    const named = `http://plugins.example.com:${portOf(server)}`;
    allowed.add(named);
    for (const address of [
      ...['127.0.0.1', '10.0.0.1', '169.254.169.254', '192.168.1.1', '0.0.0.0', '100.64.0.1'],
      ...['::1', 'fe80::1', 'fd00::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1'],
    ]) {
      names.set('plugins.example.com', address);
      assert.equal(await code(named), 'FETCH_ADDRESS_REFUSED', address);
    }
    networks.push('127.0.0.0/8');
    names.set('plugins.example.com', '127.0.0.1');
    const other = createSecureFetcher({
      allowedOrigins: allowed,
      allowedAddresses: () => ['127.0.0.0/8'],
      lookup: resolve,
    });
    const outcome = await other.fetch({ url: named });
    await other.close();
    assert.equal(outcome.kind, 'answer');
  });

  it('takes localhost for this machine and for nothing else', async () => {
    const local = `http://localhost:${portOf(server)}`;
    allowed.add(local);
    names.set('localhost', '127.0.0.1');
    assert.equal(await code(local), 200);
    names.set('localhost', '10.0.0.1');
    answer = (_request, response) => response.writeHead(200, { connection: 'close' }).end();
    await code(local);
    assert.equal(await code(local), 'FETCH_ADDRESS_REFUSED');
  });

  it('follows three redirects, checks each, and no more', async () => {
    let count = 0;
    answer = (request, response) => {
      count += 1;
      const step = Number(new URL(request.url ?? '', origin).searchParams.get('step'));
      if (step === 0) return response.end('there');
      return response.writeHead(302, { location: `/?step=${step - 1}` }).end();
    };
    assert.equal(await code(`${origin}/?step=3`), 200);
    count = 0;
    assert.equal(await code(`${origin}/?step=1000`), 'FETCH_TOO_MANY_REDIRECTS');
    assert.equal(count, 4);
    answer = (_request, response) =>
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    assert.equal(await code(origin), 'FETCH_NOT_ALLOWED');
    assert.equal(await code(origin, { maxRedirects: 0 }), 302);
  });

  it('makes a GET of a redirected POST, and tells another origin no secret', async () => {
    const other = createServer((request, response) => {
      response.end(
        `${request.method} ${String(request.headers.authorization)} ${String(request.headers['x-a'])}`,
      );
    });
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const target = `http://127.0.0.1:${portOf(other)}`;
    allowed.add(target);
    answer = (_request, response) => response.writeHead(303, { location: target }).end();
    const headers = { authorization: 'secret', 'x-a': 'b' };
    const outcome = await fetcher.fetch({ url: origin, method: 'POST', headers, body: 'x' });
    other.closeAllConnections();
    other.close();
    assert.equal(outcome.kind === 'answer' && outcome.body.toString(), 'GET undefined b');
  });

  it('stops at the limit of a body, announced or not', async () => {
    let isCut = false;
    answer = (_request, response) => {
      response.on('close', () => (isCut = true));
      const send = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        if (!response.destroyed) response.once('drain', send);
      };
      send();
    };
    assert.equal(await code(origin), 'FETCH_TOO_LARGE');
    answer = (_request, response) =>
      response.writeHead(200, { 'content-length': String(1024 ** 3) }).write('x');
    assert.equal(await code(origin), 'FETCH_TOO_LARGE');
    assert.ok(isCut, 'the connection is not read to its end');
  });

  it('gives up on servers that say nothing, or say it for ever', async () => {
    answer = () => {};
    assert.equal(await code(origin, { timeoutMs: 50 }), 'FETCH_TIMEOUT');
    answer = (_request, response) => {
      const drip = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(drip));
    };
    assert.equal(await code(origin, { timeoutMs: 80 }), 'FETCH_TIMEOUT');
    const giveUp = new AbortController();
    answer = () => giveUp.abort();
    assert.equal(await code(origin, { signal: giveUp.signal }), 'FETCH_TIMEOUT');
  });

  it('tells a broken answer from a server that is not there', async () => {
    const broken = createTcpServer((socket) => socket.end('GARBAGE\r\n\r\n'));
    await new Promise<void>((done) => broken.listen(0, '127.0.0.1', done));
    const there = `http://127.0.0.1:${portOf(broken)}`;
    allowed.add(there);
    const found = await code(there);
    broken.close();
    assert.equal(found, 'FETCH_BROKEN');
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => response.destroy());
    };
    assert.equal(await code(origin), 'FETCH_BROKEN');
    allowed.add('http://127.0.0.1:1');
    assert.equal(await code('http://127.0.0.1:1'), 'FETCH_UNREACHABLE');
    answer = (_request, response) =>
      response.writeHead(200, { 'x-long': 'a'.repeat(FETCH_LIMITS.headerBytes) }).end();
    assert.equal(await code(origin), 'FETCH_BROKEN');
  });

  it('refuses headers that are not the caller’s to set', async () => {
    for (const [name, value] of [
      ['Host', 'elsewhere'],
      ['Transfer-Encoding', 'chunked'],
      ['X-A', 'a\r\nX-B: b'],
      ['X A', 'a'],
    ] as const) {
      assert.equal(await code(origin, { headers: { [name]: value } }), 'FETCH_BAD_REQUEST', name);
    }
    const body = 'x'.repeat(FETCH_LIMITS.requestBytes + 1);
    assert.equal(await code(origin, { method: 'POST', body }), 'FETCH_BAD_REQUEST');
  });

  it('lets one slow origin have so many requests at a time and no more', async () => {
    const waiting: ServerResponse[] = [];
    answer = (_request, response) => void waiting.push(response);
    const many = Array.from({ length: FETCH_LIMITS.perOrigin }, () => code(origin));
    assert.equal(await code(origin), 'FETCH_TOO_MANY');
    while (waiting.length < many.length) await new Promise((done) => setTimeout(done, 5));
    for (const response of waiting) response.end();
    assert.deepEqual(new Set(await Promise.all(many)), new Set([200]));
    answer = (_request, response) => response.end();
    assert.equal(await code(origin), 200);
  });

  it('uses no proxy of the environment', async () => {
    process.env['HTTP_PROXY'] = 'http://127.0.0.1:1';
    process.env['http_proxy'] = 'http://127.0.0.1:1';
    const status = await code(origin);
    delete process.env['HTTP_PROXY'];
    delete process.env['http_proxy'];
    assert.equal(status, 200);
  });
});
