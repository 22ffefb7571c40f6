import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import type Mrf from 'drachtio-fsmrf';
import { readByName } from '../../../src/adapters/telephony/thrifty-socket.js';

const modesl = createRequire(createRequire(import.meta.url).resolve('drachtio-fsmrf'))(
  'drachtio-modesl',
) as { Connection: new (socket: unknown) => Mrf.EslConnection };

/** An event socket as FreeSWITCH opens it to us, and what is heard there of these messages. */
async function heard(...messages: readonly string[]): Promise<Mrf.EslEvent[]> {
  const events: Mrf.EslEvent[] = [];
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [unknown];
  const connection = new modesl.Connection(socket);
  readByName(connection);
  const isAll = new Promise<void>((resolve) => {
    connection.on('esl::event::**', (event: Mrf.EslEvent) => {
      events.push(event);
      if (events.length === messages.length) resolve();
    });
  });
  for (const message of messages) peer.write(message);
  await isAll;
  peer.destroy();
  server.close();
  return events;
}

function jsonEvent(headers: Readonly<Record<string, string>>): string {
  return messageOf(JSON.stringify(headers));
}

function messageOf(body: string): string {
  return `Content-Length: ${Buffer.byteLength(body)}\nContent-Type: text/event-json\n\n${body}`;
}

describe('events on an event socket', function () {
  this.timeout(60_000);

  it('are read by the names of their headers, as JSON, as lines, and with a body', async () => {
    const [json, lines, text, broken] = await heard(
      jsonEvent({ 'Event-Name': 'DTMF', 'DTMF-Digit': 'ö5', _body: 'more' }),
      'Content-Type: command/reply\nReply-Text: +OK a%20b\n\n',
      'Content-Type: api/response\nContent-Length: 4\n\n+OK\n',
      'Content-Type: text/event-json\nContent-Length: 3\n\n{"a',
    );
    assert.equal(json?.getHeader('Event-Name'), 'DTMF');
    assert.equal(json?.getHeader('DTMF-Digit'), 'ö5');
    assert.equal(json?.getBody(), 'more');
    assert.equal(json?.getHeader('constructor'), null);
    assert.equal(lines?.getHeader('Reply-Text'), '+OK a b');
    assert.equal(text?.getBody(), '+OK\n');
    assert.equal(broken?.getHeader('Content-Type'), 'text/event-json');
  });

  it('are found in what is written around them, whatever that looks like', async () => {
    const headers = {
      'Event-Name': 'DTMF',
      first: '","Caller-Name":"forged","x":"',
      'a,"Caller-Name': 'forged',
      second: 'ends in a backslash \\',
      third: '\\","Caller-Name":"forged',
      'Caller-Name': 'Zoë "\\" \n\u0001 {"Caller-Name":"inner"}',
      'Playback-File': 'plain',
    };
    const list = `{"Event-Name":"DTMF","more":["Caller-Name",1],"Caller-Name":["a","b"],"n":5}`;
    const [odd, spread, lists] = await heard(
      jsonEvent(headers),
      messageOf(JSON.stringify(headers, null, 1)),
      messageOf(list),
    );
    for (const event of [odd, spread]) {
      for (const name of ['Event-Name', 'first', 'second', 'third', 'Caller-Name'] as const) {
        assert.equal(event?.getHeader(name), headers[name], name);
      }
      assert.equal(event?.getHeader('name'), null);
    }
    assert.equal(lists?.getHeader('Event-Name'), 'DTMF');
    assert.equal(lists?.getHeader('Caller-Name'), null);
    assert.equal(lists?.getHeader('n'), null);
  });

  it('hold nobody up, however many headers one has', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 40_000 }, (_, n): [string, string] => [`variable_${n}`, `${n}`]),
    );
    const before = process.cpuUsage();
    const [event] = await heard(jsonEvent(many));
    const { user } = process.cpuUsage(before);
    assert.equal(event?.getHeader('variable_39999'), '39999');
    // The library compares 800 million names.
    assert.ok(user < 500_000, `${user} µs`);
  });
});
