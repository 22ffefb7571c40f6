import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  SipMessage,
  SipParseError,
  checkRoutable,
  defaultSipLimits,
} from '../../../src/embedded/sip/message.js';

const parse = (...lines: string[]): SipMessage =>
  SipMessage.parse(Buffer.from(lines.join('\r\n') + '\r\n\r\n'));

const codeOf = (text: string | Buffer, limits = defaultSipLimits): string => {
  try {
    SipMessage.parse(Buffer.from(text), limits);
    return 'accepted';
  } catch (error) {
    assert.ok(error instanceof SipParseError);
    return error.code;
  }
};

describe('The SIP codec', () => {
  it('reads a request and keeps header order and repetitions', () => {
    const message = parse(
      'INVITE sip:bob@example.net SIP/2.0',
      'Via: SIP/2.0/UDP a;branch=z9hG4bK1',
      'X-One: 1',
      'Via: SIP/2.0/UDP b;branch=z9hG4bK2',
    );
    assert.equal(message.method, 'INVITE');
    assert.equal(message.uri, 'sip:bob@example.net');
    assert.deepEqual(
      message.headers.map(([name]) => name),
      ['Via', 'X-One', 'Via'],
    );
    assert.equal(message.all('via').length, 2);
    assert.equal(message.branch, 'z9hG4bK1');
  });

  it('reads a status line with and without a reason', () => {
    assert.deepEqual(
      [parse('SIP/2.0 486 Busy Here').status, parse('SIP/2.0 200').reason],
      [486, ''],
    );
  });

  it('joins folded lines and ignores spaces around the colon (RFC 4475 3.1.1.1)', () => {
    const message = parse(
      'OPTIONS sip:a SIP/2.0',
      'TO :',
      ' sip:vivekg@chair.example.com ;   tag    = 1918181833n',
    );
    assert.equal(message.get('To'), 'sip:vivekg@chair.example.com ;   tag    = 1918181833n');
    assert.equal(message.tagOf('To'), '1918181833n');
  });

  it('spells compact names out and finds headers by either form', () => {
    const message = parse('OPTIONS sip:a SIP/2.0', 'i: 1@a', 'v: SIP/2.0/UDP a;branch=x', 'X: 30');
    assert.equal(message.callId, '1@a');
    assert.equal(message.get('I'), '1@a');
    assert.equal(message.get('Session-Expires'), '30');
  });

  it('finds tags outside quotes and brackets only', () => {
    const from = 'From: "a;tag=no" <sip:x@y;tag=no>;x=1;TAG=yes';
    assert.equal(parse('OPTIONS sip:a SIP/2.0', from).tagOf('From'), 'yes');
  });

  it('skips line breaks before the start line, and cuts the body at Content-Length', () => {
    const message = SipMessage.parse(
      Buffer.from('\r\n\r\nMESSAGE sip:a SIP/2.0\r\nContent-Length: 3\r\n\r\nabcdef'),
    );
    assert.equal(message.body, 'abc');
  });

  it('counts bytes, not characters, in Content-Length', () => {
    const message = SipMessage.request('MESSAGE', 'sip:a');
    message.body = 'grüße';
    assert.equal(SipMessage.parse(message.toBuffer()).body, 'grüße');
    assert.match(message.toString(), /Content-Length: 7\r\n/);
  });

  it('takes the rest as the body where the framing has a length of its own', () => {
    const limits = { ...defaultSipLimits, bodyIsRest: true };
    const text = 'MESSAGE sip:a SIP/2.0\r\nContent-Length: 1\r\n\r\nabc';
    assert.equal(SipMessage.parse(Buffer.from(text), limits).body, 'abc');
  });

  it('lets no header value smuggle in another line', () => {
    const message = SipMessage.request('INVITE', 'sip:a').add('X-Name', 'a\r\nEvil: 1\r\n\r\nbody');
    const again = SipMessage.parse(message.toBuffer());
    assert.equal(again.has('Evil'), false);
    assert.equal(again.body, '');
  });

  const refusals: readonly (readonly [why: string, text: string, code: string])[] = [
    ['empty', '', 'SIP_START_LINE'],
    ['noise', '\u0000\u0001\u0002\u0003garbage', 'SIP_START_LINE'],
    ['another version', 'INVITE sip:a SIP/7.0\r\n\r\n', 'SIP_START_LINE'],
    ['a space in the URI (RFC 4475 3.1.2.7)', 'INVITE sip:a; lr SIP/2.0\r\n\r\n', 'SIP_START_LINE'],
    ['a URI in brackets and spaces', 'INVITE  <sip:a> SIP/2.0\r\n\r\n', 'SIP_START_LINE'],
    ['a status of no class', 'SIP/2.0 999 Odd\r\n\r\n', 'SIP_START_LINE'],
    ['an overlong status (3.1.2.19)', 'SIP/2.0 4294967301 better\r\n\r\n', 'SIP_START_LINE'],
    ['a line without a colon', 'OPTIONS sip:a SIP/2.0\r\nhello\r\n\r\n', 'SIP_HEADER'],
    ['a name that is no token', 'OPTIONS sip:a SIP/2.0\r\nBad Name: 1\r\n\r\n', 'SIP_HEADER'],
    ['a nameless header', 'OPTIONS sip:a SIP/2.0\r\n: 1\r\n\r\n', 'SIP_HEADER'],
    ['a negative length (3.1.2.3)', 'OPTIONS sip:a SIP/2.0\r\nl: -9\r\n\r\n', 'SIP_CONTENT_LENGTH'],
    [
      'two lengths (3.3.9)',
      'OPTIONS sip:a SIP/2.0\r\nl: 0\r\nl: 5\r\n\r\nhello',
      'SIP_CONTENT_LENGTH',
    ],
    ['a body cut short (3.1.2.2)', 'OPTIONS sip:a SIP/2.0\r\nl: 99\r\n\r\nabc', 'SIP_BODY_SHORT'],
  ];
  for (const [why, text, code] of refusals) {
    it(`refuses ${why}`, () => assert.equal(codeOf(text), code));
  }

  it('refuses what is larger than its limits', () => {
    const many = 'X: 1\r\n'.repeat(defaultSipLimits.maxHeaders + 1);
    assert.equal(codeOf(`OPTIONS sip:a SIP/2.0\r\n${many}\r\n`), 'SIP_TOO_MANY_HEADERS');
    const long = 'a'.repeat(defaultSipLimits.maxHeaderBytes);
    assert.equal(codeOf(`OPTIONS sip:a SIP/2.0\r\nX-Long: ${long}\r\n\r\n`), 'SIP_TOO_LARGE');
    assert.equal(codeOf(Buffer.alloc(70_000, 65)), 'SIP_TOO_LARGE');
  });

  it('wants the headers that a message from the network is matched by', () => {
    const lines = [
      'Via: SIP/2.0/UDP a',
      'From: <sip:a>',
      'To: <sip:b>',
      'Call-ID: 1',
      'CSeq: 1 INVITE',
    ];
    assert.doesNotThrow(() => checkRoutable(parse('INVITE sip:a SIP/2.0', ...lines)));
    for (const missing of lines) {
      const rest = lines.filter((line) => line !== missing);
      const message = parse('INVITE sip:a SIP/2.0', ...rest);
      assert.throws(() => checkRoutable(message), { code: 'SIP_MISSING_HEADER' }, missing);
    }
  });

  it('refuses a CSeq of another method or beyond 2**31 (RFC 4475 3.1.2.4, 3.1.2.17)', () => {
    const lines = ['Via: SIP/2.0/UDP a', 'From: <sip:a>', 'To: <sip:b>', 'Call-ID: 1'];
    for (const cseq of ['1 BYE', '2147483648 INVITE', '-1 INVITE', 'INVITE', '1']) {
      const message = parse('INVITE sip:a SIP/2.0', ...lines, `CSeq: ${cseq}`);
      assert.throws(() => checkRoutable(message), SipParseError, cseq);
    }
  });

  it('reads back whatever it has written', () => {
    const token = fc.stringMatching(/^X-[A-Za-z0-9-]{1,20}$/);
    const value = fc.string({ maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(token, value), { maxLength: 20 }),
        fc.string(),
        (headers, body) => {
          const message = SipMessage.request('INVITE', 'sip:a@b');
          for (const [name, text] of headers) message.add(name, text);
          message.body = body;
          const again = SipMessage.parse(message.toBuffer());
          assert.equal(again.body, Buffer.from(body).toString());
          assert.deepEqual(
            again.headers.map(([name]) => name),
            message.headers.map(([name]) => name),
          );
        },
      ),
    );
  });

  it('takes a header for a header, whatever JavaScript thinks of its name', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      const message = parse('OPTIONS sip:a SIP/2.0', `${name}: 1`, 'Call-ID: 2');
      assert.deepEqual([message.get(name), message.callId], ['1', '2']);
    }
  });

  it('refuses a Call-ID or tag that would break the lines of the control protocol', () => {
    const routable = (callId: string, tag: string): string => {
      const headers = ['Via: SIP/2.0/UDP a;branch=z9hG4bK1', `From: <sip:a@b>;tag=${tag}`];
      const message = parse(
        ...['BYE sip:a SIP/2.0', ...headers, 'To: <sip:a>', `Call-ID: ${callId}`, 'CSeq: 1 BYE'],
      );
      try {
        checkRoutable(message);
        return 'accepted';
      } catch (error) {
        return error instanceof SipParseError ? error.code : String(error);
      }
    };
    assert.equal(routable('a|b', '1'), 'SIP_IDENTITY');
    assert.equal(routable('a b', '1'), 'SIP_IDENTITY');
    assert.equal(routable('a', '1|2'), 'SIP_IDENTITY');
    assert.equal(routable('x(y)"z[%a]@[::1]', "-.!%*_+`'~"), 'accepted');
  });

  it('throws nothing but its own error on arbitrary bytes', () => {
    const start = Buffer.from('INVITE sip:a SIP/2.0\r\n');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, withStart) => {
        codeOf(withStart ? Buffer.concat([start, bytes]) : Buffer.from(bytes));
      }),
    );
  });
});
