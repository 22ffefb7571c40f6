import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  checkReply,
  DELAY_MAX_SECONDS,
  parseReply,
  REPLY_ACTIONS,
  type PluginReply,
  type ReplyRejectionCode,
} from '../../src/callflow/plugin-reply.js';

const OK = { isInteractionDeleted: false, ignoredFields: [] } as const;

function accepts(raw: unknown, reply: PluginReply): void {
  assert.deepEqual(parseReply(raw), { ok: true, reply });
}

function refuses(raw: unknown, code: ReplyRejectionCode, field: string): void {
  const parsed = parseReply(raw);
  assert.ok(!parsed.ok, 'accepted');
  assert.equal(parsed.rejection.code, code);
  assert.equal(parsed.rejection.field, field);
  assert.notEqual(parsed.rejection.message, '');
}

describe('a plugin reply', () => {
  const good: readonly (readonly [string, unknown, PluginReply])[] = [
    ['cancel', { action: 'cancel', message: 'OK' }, { action: 'cancel', ...OK }],
    ['retry', { action: 'retry', message: 'ok' }, { action: 'retry', ...OK }],
    [
      'route_to_agent with the 0k of the page',
      { action: 'route_to_agent', message: '0k' },
      { action: 'route_to_agent', ...OK },
    ],
    [
      'route_to_rp, whose message is the destination',
      { action: 'route_to_rp', message: 'sip:8999@pbx.example.net' },
      { action: 'route_to_rp', destination: 'sip:8999@pbx.example.net', ...OK },
    ],
    [
      'interaction_deleted with cancel',
      { action: 'cancel', message: 'interaction_deleted' },
      { action: 'cancel', isInteractionDeleted: true, ignoredFields: [] },
    ],
    [
      'interaction_deleted with retry',
      { action: 'retry', message: 'interaction_deleted' },
      { action: 'retry', isInteractionDeleted: true, ignoredFields: [] },
    ],
    [
      "the page's example with all optional fields, the prefix a number",
      {
        action: 'retry',
        message: '0k',
        delay: 300,
        customer_number: '555-2336',
        customer_number_prefix: 91,
      },
      {
        action: 'retry',
        ...OK,
        customerNumber: '555-2336',
        customerNumberPrefix: '91',
        delayMs: 300_000,
      },
    ],
    [
      'the same as a form, all texts',
      { action: 'retry', message: 'OK', delay: '300', customer_number_prefix: '91' },
      { action: 'retry', ...OK, customerNumberPrefix: '91', delayMs: 300_000 },
    ],
    [
      'a delay of zero',
      { action: 'retry', message: 'OK', delay: 0 },
      { action: 'retry', ...OK, delayMs: 0 },
    ],
    [
      'a delay with a fraction',
      { action: 'retry', message: 'OK', delay: '1.5' },
      { action: 'retry', ...OK, delayMs: 1500 },
    ],
    [
      'an empty prefix, which means none',
      { action: 'retry', message: 'OK', customer_number_prefix: '' },
      { action: 'retry', ...OK, customerNumberPrefix: '' },
    ],
    [
      'an empty number and an empty delay, which say nothing',
      { action: 'retry', message: 'OK', customer_number: '', delay: '' },
      { action: 'retry', ...OK },
    ],
    [
      'form fields of variables that were never set',
      { action: 'retry', message: 'OK', customer_number: 'undefined', delay: 'null' },
      { action: 'retry', ...OK },
    ],
    [
      'a delay without retry, which is ignored and said so',
      { action: 'cancel', message: 'OK', delay: 'soon' },
      { action: 'cancel', isInteractionDeleted: false, ignoredFields: ['delay'] },
    ],
    [
      'an international number',
      { action: 'retry', message: 'OK', customer_number: '+1 (650) 555-0100' },
      { action: 'retry', ...OK, customerNumber: '+1 (650) 555-0100' },
    ],
    [
      'a number that is a number',
      { action: 'retry', message: 'OK', customer_number: 5552336 },
      { action: 'retry', ...OK, customerNumber: '5552336' },
    ],
    ['JSON text', '{"action":"cancel","message":"OK"}', { action: 'cancel', ...OK }],
    [
      'fields of others beside ours',
      { action: 'cancel', message: 'OK', requestid: '7', __proto__: { delay: 3 } },
      { action: 'cancel', ...OK },
    ],
  ];
  for (const [name, raw, reply] of good) {
    it(`may be ${name}`, () => accepts(raw, reply));
  }

  for (const message of ['OK', 'ok', 'Ok', '0k', '0K', ' OK ']) {
    it(`takes ${JSON.stringify(message)} for OK`, () => {
      accepts({ action: 'cancel', message }, { action: 'cancel', ...OK });
    });
  }

  const bad: readonly (readonly [string, unknown, ReplyRejectionCode, string])[] = [
    ['nothing', undefined, 'REPLY_NOT_AN_OBJECT', ''],
    ['null', null, 'REPLY_NOT_AN_OBJECT', ''],
    ['a list', [{ action: 'cancel' }], 'REPLY_NOT_AN_OBJECT', ''],
    ['a number', 7, 'REPLY_NOT_AN_OBJECT', ''],
    ['text that is not JSON', 'action=cancel', 'REPLY_NOT_AN_OBJECT', ''],
    ['JSON that is not an object', '"cancel"', 'REPLY_NOT_AN_OBJECT', ''],
    ['too long a text', `{"action":"${'x'.repeat(20_000)}"}`, 'REPLY_TOO_LONG', ''],
    ['no action', { message: 'OK' }, 'REPLY_NO_ACTION', 'action'],
    ['an empty action', { action: ' ', message: 'OK' }, 'REPLY_NO_ACTION', 'action'],
    ['an action that is a list', { action: ['cancel'] }, 'REPLY_NO_ACTION', 'action'],
    ['an unknown action', { action: 'hang_up', message: 'OK' }, 'REPLY_UNKNOWN_ACTION', 'action'],
    ['another spelling', { action: 'Cancel', message: 'OK' }, 'REPLY_UNKNOWN_ACTION', 'action'],
    ['an action from a prototype', { action: 'toString' }, 'REPLY_UNKNOWN_ACTION', 'action'],
    ['no message', { action: 'cancel' }, 'REPLY_NO_MESSAGE', 'message'],
    ['an empty message', { action: 'retry', message: '' }, 'REPLY_NO_MESSAGE', 'message'],
    ['another message', { action: 'retry', message: 'fine' }, 'REPLY_BAD_MESSAGE', 'message'],
    [
      'interaction_deleted with route_to_agent',
      { action: 'route_to_agent', message: 'interaction_deleted' },
      'REPLY_BAD_MESSAGE',
      'message',
    ],
    [
      'interaction_deleted with route_to_rp',
      { action: 'route_to_rp', message: 'interaction_deleted' },
      'REPLY_BAD_MESSAGE',
      'message',
    ],
    ['route_to_rp without message', { action: 'route_to_rp' }, 'REPLY_NO_DESTINATION', 'message'],
    [
      'route_to_rp to "OK", which is no destination',
      { action: 'route_to_rp', message: 'OK' },
      'REPLY_NO_DESTINATION',
      'message',
    ],
    [
      'a destination with a line break',
      { action: 'route_to_rp', message: '8999\r\nX-Evil: 1' },
      'REPLY_BAD_DESTINATION',
      'message',
    ],
    [
      'a destination without end',
      { action: 'route_to_rp', message: '8'.repeat(257) },
      'REPLY_BAD_DESTINATION',
      'message',
    ],
    [
      'a destination with half a surrogate pair',
      { action: 'route_to_rp', message: 'a\ud800' },
      'REPLY_BAD_DESTINATION',
      'message',
    ],
  ];
  for (const [name, raw, code, field] of bad) {
    it(`is refused as ${code} when it is ${name}`, () => refuses(raw, code, field));
  }

  for (const delay of [-1, '-1', 'soon', 'NaN', '1e3', '0x10', Infinity, {}, [], true, '1 2']) {
    it(`is refused with the delay ${JSON.stringify(delay)}`, () => {
      refuses({ action: 'retry', message: 'OK', delay }, 'REPLY_BAD_DELAY', 'delay');
    });
  }

  it('waits a week at most', () => {
    const reply = { action: 'retry', message: 'OK', delay: DELAY_MAX_SECONDS };
    assert.ok(parseReply(reply).ok);
    refuses({ ...reply, delay: DELAY_MAX_SECONDS + 1 }, 'REPLY_BAD_DELAY', 'delay');
  });

  for (const number of ['sip:1@x', '5;drop', '${evil}', '((((', '+', '1'.repeat(33), {}, '5\n5']) {
    it(`is refused with the number ${JSON.stringify(number)}`, () => {
      const raw = { action: 'retry', message: 'OK', customer_number: number };
      refuses(raw, 'REPLY_BAD_NUMBER', 'customer_number');
    });
  }

  for (const prefix of ['abc', -91, 1.5, [91], '9 1', '1'.repeat(17)]) {
    it(`is refused with the prefix ${JSON.stringify(prefix)}`, () => {
      const raw = { action: 'retry', message: 'OK', customer_number_prefix: prefix };
      refuses(raw, 'REPLY_BAD_PREFIX', 'customer_number_prefix');
    });
  }

  it('is read without running a getter', () => {
    const raw = {
      get action(): string {
        throw new Error('ran');
      },
    };
    refuses(raw, 'REPLY_NO_ACTION', 'action');
  });

  it('is read without asking a prototype', () => {
    const raw: unknown = Object.create({ action: 'cancel', message: 'OK' });
    refuses(raw, 'REPLY_NO_ACTION', 'action');
  });

  it('never throws, and what is accepted can be carried out', () => {
    const field = fc.oneof(fc.anything(), fc.constantFrom<unknown>(...REPLY_ACTIONS, 'OK', 5, '7'));
    const anyReply = fc.oneof(
      fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }),
      fc.string(),
      fc.json(),
      fc.record({
        action: fc.oneof(field, fc.constantFrom<unknown>(...REPLY_ACTIONS)),
        message: field,
        delay: field,
        customer_number: field,
        customer_number_prefix: field,
      }),
    );
    fc.assert(
      fc.property(anyReply, (raw) => {
        const parsed = parseReply(raw);
        if (!parsed.ok) return;
        const { action, destination, delayMs } = parsed.reply;
        assert.equal(destination !== undefined, action === 'route_to_rp');
        assert.ok(delayMs === undefined || (action === 'retry' && delayMs >= 0));
        assert.deepEqual(JSON.parse(JSON.stringify(parsed)), parsed);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a reply held against the call', () => {
  const reply = (action: PluginReply['action']): PluginReply => ({ action, ...OK });

  it('may do anything while the call is up', () => {
    for (const action of REPLY_ACTIONS) {
      assert.equal(checkReply(reply(action), { callIsUp: true }), undefined);
    }
  });

  it('may only cancel or retry when there is none', () => {
    const codeOf = (action: PluginReply['action']) =>
      checkReply(reply(action), { callIsUp: false })?.code;
    assert.equal(codeOf('cancel'), undefined);
    assert.equal(codeOf('retry'), undefined);
    assert.equal(codeOf('route_to_agent'), 'REPLY_NO_CALL');
    assert.equal(codeOf('route_to_rp'), 'REPLY_NO_CALL');
  });
});
