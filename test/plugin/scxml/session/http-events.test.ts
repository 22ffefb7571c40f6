import assert from 'node:assert/strict';
import { decodeHttpEvent } from '../../../../src/plugin/scxml/session/http-events.js';
import type { HttpMessage } from '../../../../src/plugin/scxml/session/host.js';
import { makeBed } from '../bed.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('events by HTTP', () => {
  const posted = async (send: string): Promise<{ messages: HttpMessage[]; log: string[] }> => {
    const messages: HttpMessage[] = [];
    const post = (message: HttpMessage) => {
      messages.push(message);
      const isThere = message.url.endsWith('/there');
      return Promise.resolve(
        isThere ? ({ kind: 'ok' } as const) : ({ kind: 'failed', why: 'HTTP 404' } as const),
      );
    };
    const bed = await makeBed({ httpBase: 'http://127.0.0.1/', post });
    const { log } = await bed.run(
      `<datamodel><data id="n" expr="1"/></datamodel><state id="a"><onentry>${send}</onentry>
       <transition event="*"><log expr="[_event.name, _event.sendid]"/></transition></state>`,
    );
    await bed.clock.advance(0);
    return {
      messages: messages.map(({ url, contentType, body }) => ({ url, contentType, body })),
      log,
    };
  };

  it('go out as a form with the name of the event', async () => {
    const { messages, log } = await posted(
      '<send type="basichttp" target="http://x/there" event="e f" namelist="n"><param name="o" expr="({ a: 1 })"/></send>',
    );
    assert.deepEqual(messages, [
      {
        url: 'http://x/there',
        contentType: FORM['content-type'],
        body: '_scxmleventname=e+f&n=1&o=%7B%22a%22%3A1%7D',
      },
    ]);
    assert.deepEqual(log, []);
  });

  it('go out as a body when there is content', async () => {
    const { messages } = await posted(
      '<send type="http://www.w3.org/TR/scxml/#BasicHTTPEventProcessor" target="http://x/there"><content><a b="c"/></content></send>',
    );
    assert.deepEqual(messages[0]?.body, '<a b="c"/>');
  });

  it('that cannot be delivered are an error of the document with their sendid', async () => {
    const { log } = await posted(
      '<send type="basichttp" target="http://x/gone" event="e" id="s1"/>',
    );
    assert.deepEqual(log, ['["error.communication","s1"]']);
  });

  it('come in as forms, with the fields as data', () => {
    const { raw, ...event } = decodeHttpEvent({
      method: 'POST',
      path: '/s1',
      headers: FORM,
      body: '_scxmleventname=e&a=1&b=x+y&__proto__=z',
    });
    assert.deepEqual(event, {
      name: 'e',
      type: 'external',
      data: '{"a":"1","b":"x y","__proto__":"z"}',
      originType: 'http://www.w3.org/TR/scxml/#BasicHTTPEventProcessor',
    });
    assert.match(raw ?? '', /^POST \/s1 HTTP\/1\.1\r\n/);
  });

  it('come in as a body, named by the method', () => {
    const event = decodeHttpEvent({ method: 'PUT', path: '/s1', headers: {}, body: 'hello' });
    assert.deepEqual([event.name, event.data], ['HTTP.PUT', '"hello"']);
  });

  it('are not offered where there is no address', async () => {
    const bed = await makeBed();
    const { log } = await bed.run(
      `<state id="a"><onentry><log expr="typeof _ioprocessors.basichttp"/><send type="basichttp" target="http://x/there" event="e"/></onentry>
       <transition event="*"><log expr="_event.name"/></transition></state>`,
    );
    assert.deepEqual(log, ['"undefined"', '"error.execution"']);
  });
});
