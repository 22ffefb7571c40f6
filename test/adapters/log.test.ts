import assert from 'node:assert/strict';
import { createLog, maskNumbers } from '../../src/adapters/log.js';

function capture(options: { level?: 'debug' | 'info'; showNumbers?: boolean } = {}) {
  const lines: string[] = [];
  const log = createLog({ ...options, write: (line) => lines.push(line) });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

describe('the log', () => {
  it('masks numbers in fields and in messages', () => {
    const { log, last } = capture();
    log.info(
      { to: 'sip:+4930123456@trunk.example.net', deep: { list: ['+1 (555) 010-9999'] } },
      'dial 03012345678',
    );
    assert.equal(last()['to'], 'sip:+49******56@trunk.example.net');
    assert.deepEqual(last()['deep'], { list: ['+15*******99'] });
    assert.equal(last()['msg'], 'dial 03*******78');
  });

  it('shows numbers only when told to', () => {
    const { log, last } = capture({ showNumbers: true });
    log.info({ to: '+4930123456' }, 'dial');
    assert.equal(last()['to'], '+4930123456');
  });

  it('leaves identifiers, times and short numbers alone', () => {
    for (const text of [
      '0c5f0a7c-1f0d-4f0a-9c9e-123456789012',
      '12345678-1234-1234-1234-123456789012',
      '2024-05-06T07:08:09.123Z',
      '127.0.0.1:50601',
      'extension 8999',
    ]) {
      assert.equal(maskNumbers(text), text);
    }
  });

  it('prints of a library object no more than a word, and of an error its plain facts', () => {
    class Agent {
      readonly secret = 'the whole graph';
    }
    const error = Object.assign(new Error('Sip non-success response: 486'), {
      name: 'SipError',
      status: 486,
      res: new Agent(),
    });
    const { log, lines, last } = capture();
    log.warn({ error, agent: new Agent(), call: () => undefined }, 'refused');
    assert.deepEqual(last()['error'], {
      type: 'SipError',
      message: 'Sip non-success response: 486',
      status: 486,
    });
    assert.equal(last()['agent'], '[Agent]');
    assert.ok(!lines.join('').includes('graph'));
  });

  it('survives a circle, and cuts depth, width and length', () => {
    const circle: Record<string, unknown> = { long: 'x'.repeat(5000) };
    circle['self'] = circle;
    circle['wide'] = Array.from({ length: 1000 }, (_, n) => n);
    const { log, lines } = capture();
    log.info(circle, 'a\nb');
    assert.equal(lines.length, 1);
    assert.ok((lines[0]?.length ?? 0) < 10_000);
    assert.equal(lines[0]?.trim().split('\n').length, 1);
  });

  it('is silent below its level', () => {
    const { log, lines } = capture({ level: 'info' });
    log.debug({}, 'detail');
    assert.equal(lines.length, 0);
  });
});
