import assert from 'node:assert/strict';
import { fastify, type FastifyInstance } from 'fastify';
import type { RequestProblem } from '../../src/request/problem.js';
import { schemaProblem } from '../../src/request/schema-problem.js';

const SCHEMA = {
  querystring: {
    type: 'object',
    properties: { days: { type: 'integer', minimum: 1 }, state: { enum: ['A', 'B'] } },
  },
  body: {
    type: 'object',
    required: ['customerNumber'],
    properties: { customerNumber: { type: 'string', maxLength: 12 }, 'a/b~c': { type: 'integer' } },
  },
};

describe('schemaProblem', () => {
  let api: FastifyInstance;
  let problem: RequestProblem | undefined;

  beforeEach(() => {
    problem = undefined;
    api = fastify();
    api.setErrorHandler((error, request, reply) => {
      problem = schemaProblem(error, request);
      return reply.code(problem?.status ?? 500).send({});
    });
    api.post('/', { schema: SCHEMA }, () => ({}));
  });
  afterEach(() => api.close());

  const refused: [string, string, object, string, object][] = [
    [
      'what is missing',
      '/',
      {},
      'CBD_REQUEST_MISSING_KEY',
      { field: 'customerNumber', rule: 'has to be there' },
    ],
    [
      'a number, without its middle',
      '/',
      { customerNumber: '+15550001234567' },
      'CBD_REQUEST_MALFORMED',
      {
        field: 'customerNumber',
        value: '+1555********67',
        rule: 'must NOT have more than 12 characters',
      },
    ],
    [
      'a value of the query as it came',
      '/?days=many',
      { customerNumber: '1' },
      'CBD_REQUEST_MALFORMED',
      { field: 'days', value: 'many', rule: 'must be integer' },
    ],
    [
      'the words that are allowed',
      '/?state=C',
      { customerNumber: '1' },
      'CBD_REQUEST_MALFORMED',
      { field: 'state', value: 'C', rule: 'must be one of A, B' },
    ],
    [
      'a name that JSON pointers escape',
      '/',
      { customerNumber: '1', 'a/b~c': 'x' },
      'CBD_REQUEST_MALFORMED',
      { field: 'a/b~c', value: 'x', rule: 'must be integer' },
    ],
  ];
  for (const [what, url, payload, code, fault] of refused) {
    it(`names ${what}`, async () => {
      const answer = await api.inject({ method: 'POST', url, payload });
      assert.equal(answer.statusCode, 400);
      assert.equal(problem?.code, code);
      assert.deepEqual(problem?.details.fault, fault);
    });
  }

  it('leaves everything else alone', async () => {
    await api.inject({
      method: 'POST',
      url: '/',
      payload: '{',
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(problem, undefined);
  });
});
