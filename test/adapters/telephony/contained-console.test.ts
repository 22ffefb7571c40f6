import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { silentLog } from '../../../src/adapters/log.js';
import { logLibraryConsole } from '../../../src/adapters/telephony/contained-console.js';

type Line = readonly [level: string, library: string, text: string];

/** The library's own line when the event socket of an endpoint breaks. */
const { prototype: endpoint } = createRequire(import.meta.url)(
  'drachtio-fsmrf/lib/endpoint.js',
) as { prototype: { _onError(this: object, fault: Error): void } };

describe('What the SIP libraries print', () => {
  const lines: Line[] = [];
  const printed: unknown[] = [];
  const original = console.error;
  const at =
    (level: string) =>
    ({ library, text }: { library: string; text: string }): void =>
      void lines.push([level, library, text]);

  before(() => {
    console.error = (...values: unknown[]) => printed.push(values);
    logLibraryConsole({ ...silentLog, debug: at('debug'), warn: at('warn') });
  });
  after(() => {
    console.error = original;
    logLibraryConsole(silentLog);
  });

  it('goes into the log, and the loss of a connection on a lower level', () => {
    const lost = Object.assign(new Error('read ECONNRESET'), { errno: 'ECONNRESET' });
    endpoint._onError.call({ uuid: 'e1', state: 1 }, lost);
    endpoint._onError.call({ uuid: 'e2', state: 1 }, new Error('something else'));
    assert.deepEqual(
      lines.map(([level, library]) => [level, library]),
      [
        ['debug', 'drachtio-fsmrf'],
        ['warn', 'drachtio-fsmrf'],
      ],
    );
    assert.match(lines[1]?.[2] ?? '', /e2: Error: something else/);
    assert.deepEqual(printed, []);
  });

  it('is all: what others print is left to them', () => {
    console.error('mine');
    assert.deepEqual([printed, lines.length], [[['mine']], 2]);
  });
});
