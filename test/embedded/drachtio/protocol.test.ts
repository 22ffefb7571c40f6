import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readCommand } from '../../../src/embedded/drachtio/protocol.js';

const INVITE = 'INVITE sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n';

describe('A message from an application', () => {
  const kinds: readonly (readonly [text: string, kind: string])[] = [
    ['1|authenticate|secret|a,b', 'authenticate'],
    ['1|ping', 'ping'],
    ['1|route|INVITE', 'route'],
    ['1|remove_route|invite', 'remove-route'],
    ['1|route|cdr:attempt', 'unsupported'],
    ['1|proxy|txn||||serial|||sip:a', 'unsupported'],
    [`1|sip||\r\n${INVITE}`, 'new-request'],
    [`1|sip|||sip:proxy\r\n${INVITE}`, 'new-request'],
    [`1|sip||dialog\r\n${INVITE}`, 'dialog-request'],
    ['1|sip|txn|\r\nCANCEL sip:a SIP/2.0\r\n\r\n', 'cancel'],
    [`1|sip|txn|\r\n${INVITE}`, 'unsupported'],
    ['1|sip|txn|\r\nSIP/2.0 200 OK\r\n\r\n', 'response'],
    ['1|sip||\r\nSIP/2.0 200 OK\r\n\r\n', 'invalid'],
    ['1|sip||\r\nnonsense', 'invalid'],
    ['1|sip||', 'invalid'],
    ['1|bogus', 'unknown'],
    ['', 'unknown'],
  ];
  for (const [text, kind] of kinds) {
    it(`${JSON.stringify(text.slice(0, 48))} is ${kind}`, () => {
      assert.equal(readCommand(text).kind, kind);
    });
  }

  it('has its body whole, whatever its Content-Length says', () => {
    const command = readCommand('1|sip||\r\nINFO sip:a SIP/2.0\r\nContent-Length: 1\r\n\r\nhello');
    assert.ok(command.kind === 'new-request');
    assert.equal(command.message.body, 'hello');
  });

  it('never throws, whatever it is', () => {
    const start = fc.constantFrom('', '1|sip||\r\n', '1|sip|x|\r\n', '1|route|', '1|authenticate|');
    fc.assert(
      fc.property(start, fc.string({ unit: 'binary' }), (head, tail) => {
        readCommand(head + tail);
      }),
    );
  });
});
