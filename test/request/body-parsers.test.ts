import assert from 'node:assert/strict';
import { fastify, type FastifyInstance, type InjectOptions } from 'fastify';
import { addBodyParsers } from '../../src/request/body-parsers.js';

const MULTIPART = [
  '--x',
  'Content-Disposition: form-data; name="_customer_number"',
  '',
  '+15550001234',
  '--x',
  'Content-Disposition: form-data; name="name"',
  '',
  'Jörg',
  '--x--',
  '',
].join('\r\n');

describe('the bodies of requests', () => {
  let api: FastifyInstance;

  beforeEach(() => {
    api = fastify();
    addBodyParsers(api);
    api.route({
      method: ['POST', 'DELETE'],
      url: '/',
      handler: ({ body }) => ({ body: body ?? null }),
    });
  });
  afterEach(() => api.close());

  const send = async (type: string, payload: string, method: InjectOptions['method'] = 'POST') => {
    const answer = await api.inject({
      method,
      url: '/',
      payload,
      headers: { 'content-type': type },
    });
    const { body, message } = answer.json<{ body?: unknown; message?: string }>();
    return { status: answer.statusCode, body, message };
  };

  it('may be JSON, in any charset parameter, and nothing at all', async () => {
    const json = await send('application/json; charset=UTF-8', '{"a":1}');
    assert.deepEqual(json.body, { a: 1 });
    assert.deepEqual(await send('application/json', '', 'DELETE'), {
      status: 200,
      body: null,
      message: undefined,
    });
    assert.equal((await send('application/json', '{"a":')).status, 400);
    assert.equal((await send('application/json', '{"__proto__":{"a":1}}')).status, 400);
  });

  it('may be urlencoded; the last of equal names counts', async () => {
    const { body } = await send('application/x-www-form-urlencoded', 'a=1&b=%2B2+3&a=4');
    assert.deepEqual(body, { a: '4', b: '+2 3' });
  });

  it('may be multipart', async () => {
    const { body } = await send('multipart/form-data; boundary=x', MULTIPART);
    assert.deepEqual(body, { _customer_number: '+15550001234', name: 'Jörg' });
  });

  it('may bring no files, and no multipart that cannot be read', async () => {
    const file = MULTIPART.replace('name="name"', 'name="name"; filename="a.txt"');
    assert.deepEqual(await send('multipart/form-data; boundary=x', file), {
      status: 400,
      body: undefined,
      message: 'name is a file.',
    });
    for (const [type, payload] of [
      ['multipart/form-data; boundary=y', MULTIPART],
      ['multipart/form-data', MULTIPART],
      ['multipart/form-data; boundary=x', MULTIPART.slice(0, -20)],
      ['multipart/form-data; boundary=x', '--x\r\n\r\n'],
    ] as const) {
      const { message } = await send(type, payload);
      assert.equal(message, 'The multipart body cannot be read.', type);
    }
  });
});
