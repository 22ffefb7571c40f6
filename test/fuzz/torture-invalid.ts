/**
 * Messages after RFC 4475 section 3.1.2 and the faulty ones of 3.3: what is wrong in the frame of a
 * message gets it dropped, what is wrong in a header that the engine need not read does not concern
 * it. Written anew, with each peculiarity that the message of that text has.
 */
import { request, torture, write, type TortureMessage } from './torture-message.js';

const refused = (code: Extract<TortureMessage['expected'], { refused: unknown }>['refused']) => ({
  refused: code,
});
const TO_USER = 'sip:user@example.com';

export const INVALID: readonly TortureMessage[] = [
  torture(
    '3.1.2.1 badinv01',
    'separators with nothing between them, in Via and Contact',
    request('INVITE', TO_USER, {
      Via: 'SIP/2.0/UDP 192.0.2.15;;,;,,',
      Contact: '"Joe" <sip:joe@example.org>;;;;',
    }),
    { method: 'INVITE' },
  ),
  torture(
    '3.1.2.2 clerr',
    'a body shorter than its Content-Length',
    request('INVITE', TO_USER, { 'Content-Length': '9999' }, 'v=0\r\n'),
    refused('SIP_BODY_SHORT'),
  ),
  torture(
    '3.1.2.3 ncl',
    'a negative Content-Length',
    request('INVITE', TO_USER, { 'Content-Length': '-999' }, 'v=0\r\n'),
    refused('SIP_CONTENT_LENGTH'),
  ),
  torture(
    '3.1.2.4 scalar02',
    'a CSeq beyond any number, in a request',
    request('REGISTER', 'sip:example.com', {
      CSeq: '36893488147419103232 REGISTER',
      'Max-Forwards': '300',
      Expires: `1${'0'.repeat(100)}`,
      Contact: '<sip:user@host129.example.com>\r\n  ;expires=280297596632815',
    }),
    refused('SIP_CSEQ'),
  ),
  torture(
    '3.1.2.5 scalarlg',
    'a CSeq beyond any number, in a response',
    write('SIP/2.0 503 Service Unavailable', {
      CSeq: '9292394834772304023312 OPTIONS',
      'Retry-After': '949302838503028349304023988',
      Warning: '1812 overture "In Progress"',
    }),
    refused('SIP_CSEQ'),
  ),
  torture(
    '3.1.2.6 quotbal',
    'a quoted name that never ends: its tag cannot be told, and none is',
    request('INVITE', TO_USER, { To: '"Mr. J. User <sip:j.user@example.com>;tag=7' }),
    { method: 'INVITE' },
  ),
  torture(
    '3.1.2.7 ltgtruri',
    'brackets around the request URI',
    request('INVITE', `<${TO_USER}>`),
    refused('SIP_START_LINE'),
  ),
  torture(
    '3.1.2.8 lwsruri',
    'a blank inside the request URI',
    request('INVITE', `${TO_USER}; lr`),
    refused('SIP_START_LINE'),
  ),
  torture(
    '3.1.2.9 lwsstart',
    'more than one blank between the parts of the start line',
    write(`INVITE  ${TO_USER}  SIP/2.0`, { CSeq: '8 INVITE' }),
    refused('SIP_START_LINE'),
  ),
  torture(
    '3.1.2.10 trws',
    'blanks behind the start line',
    write('OPTIONS sip:remote-target@example.com SIP/2.0  ', { CSeq: '8 OPTIONS' }),
    refused('SIP_START_LINE'),
  ),
  torture(
    '3.1.2.11 escruri',
    'headers in the request URI, which nobody looks at',
    request('INVITE', `${TO_USER}?Route=%3Csip:example.com%3E`),
    { method: 'INVITE' },
  ),
  torture(
    '3.1.2.12 baddate',
    'a date that is not in GMT',
    request('INVITE', TO_USER, { Date: 'Fri, 01 Jan 2010 16:00:00 EST' }),
    { method: 'INVITE' },
  ),
  torture(
    '3.1.2.13 regbadct',
    'a Contact with headers and no brackets',
    request('REGISTER', 'sip:example.com', { Contact: `${TO_USER}?Route=%3Csip:example.com%3E` }),
    { method: 'REGISTER' },
  ),
  torture(
    '3.1.2.14 badaspec',
    'blanks inside the brackets of an address',
    request('OPTIONS', 'sip:user@example.org', { To: '"Watson, Thomas" < sip:t@example.org >' }),
    { method: 'OPTIONS' },
  ),
  torture(
    '3.1.2.15 baddn',
    'a comma in a name without quotes',
    request('OPTIONS', 'sip:user@example.org', {
      From: 'Bell, Alexander <sip:a@b>;tag=43',
      To: 'Watson, Thomas <sip:t.watson@example.org>',
    }),
    { method: 'OPTIONS' },
  ),
  torture(
    '3.1.2.16 badvers',
    'a version of SIP that does not exist',
    write('OPTIONS sip:t.watson@example.org SIP/7.0', {
      Via: 'SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw',
      CSeq: '8 OPTIONS',
    }),
    refused('SIP_START_LINE'),
  ),
  torture(
    '3.1.2.17 mismatch01',
    'another method in CSeq',
    request('OPTIONS', TO_USER, { CSeq: '8 INVITE' }),
    refused('SIP_CSEQ'),
  ),
  torture(
    '3.1.2.18 mismatch02',
    'an unknown method, and another in CSeq',
    request('NEWMETHOD', TO_USER, { CSeq: '8 INVITE' }),
    refused('SIP_CSEQ'),
  ),
  torture(
    '3.1.2.19 bigcode',
    'a status of ten digits',
    write('SIP/2.0 4294967301 better not break the receiver', { CSeq: '8 INVITE' }),
    refused('SIP_START_LINE'),
  ),
  torture(
    '3.3.1 insuf',
    'neither Call-ID nor From nor To',
    request('INVITE', TO_USER, { 'Call-ID': '', From: '', To: '' }),
    refused('SIP_MISSING_HEADER'),
  ),
  torture(
    '3.3.8 multi01',
    'several values of what may be there once',
    request('INVITE', TO_USER, {
      ...{ 'call-id': 'other@example.net', FROM: '<sip:x@y>;tag=2', TO: 'sip:other@example.net' },
      ...{ cseq: '59 INVITE', 'max-forwards': '5', Contact: '<sip:a@b>', contact: '<sip:c@d>' },
    }),
    refused('SIP_REPEATED_HEADER'),
  ),
  torture(
    '3.3.9 mcl01',
    'two lengths',
    request('OPTIONS', TO_USER, { 'Content-Length': '13', l: '5' }, 'There is body'),
    refused('SIP_CONTENT_LENGTH'),
  ),
];
