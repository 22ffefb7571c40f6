/**
 * Messages after RFC 4475 section 3.1.1 and the valid ones of 3.2 to 3.4: unusual, and right. Written
 * anew, with each peculiarity that the message of that text has; an endpoint has to understand all of
 * them, whatever it then answers.
 */
import { request, torture, write, type TortureMessage } from './torture-message.js';

const LONG = 'long'.repeat(60);
/** A signed message: its second part is DER, which is no UTF-8. */
const MULTIPART = Buffer.from(
  [
    ...['--7a9cbec02ceef655', 'Content-Type: text/plain', '', 'Hello', '--7a9cbec02ceef655'],
    ...['Content-Type: application/octet-stream', 'Content-Transfer-Encoding: binary', ''],
    ...['0\x82\x01\xd7\x06\t*\x86H\x86\xf7\r\x01\x07\x02\xa0\0', '--7a9cbec02ceef655--', ''],
  ].join('\r\n'),
  'latin1',
);

const SHORT_AND_TORTUOUS = [
  'INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0',
  'TO :',
  ' sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n',
  'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>',
  '  ;',
  '  tag = 98asjd8',
  'MaX-fOrWaRdS: 0068',
  'Call-ID: wsinv.ndaksdj@192.0.2.1',
  'Content-Length   : 5',
  'cseq: 0009',
  '  INVITE',
  'Via  : SIP  /   2.0',
  ' /UDP',
  '    192.0.2.2;rport;branch=390skdjuw',
  's :',
  'NewFangledHeader:   newfangled value',
  ' continued newfangled value',
  'UnknownHeaderWithUnusualValue: ;;,,;;,;',
  'Content-Type: application/sdp',
  'Route:',
  ' <sip:services.example.com;lr;unknownwith=value;unknown-no-value>',
  'v:  SIP  / 2.0  / TCP     spindle.example.com   ;',
  '  branch  =   z9hG4bK9ikj8  ,',
  ' SIP  /    2.0   / UDP  192.168.255.111   ; branch=',
  ' z9hG4bK30239',
  'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =',
  '      newvalue ;',
  '  secondparam ; q = 0.33',
  '',
  'v=0\r\n',
].join('\r\n');

const CURIOUS_METHOD = "!interesting-Method0123456789_*+`.%indeed'~";

export const VALID: readonly TortureMessage[] = [
  torture('3.1.1.1 wsinv', 'folds, blanks and short names everywhere', SHORT_AND_TORTUOUS, {
    method: 'INVITE',
    body: 'v=0\r\n',
  }),
  torture(
    '3.1.1.2 intmeth',
    'every character that a method, URI or Call-ID may have',
    request(
      CURIOUS_METHOD,
      "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d@example.com",
      {
        To: '"BEL:\x07 NUL:\0 DEL:\x7f" <sip:1_unusual.URI@example.com>',
        From: "token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\u0440\";tag=_token~1'+`*%!-.",
        'Call-ID': 'intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{',
        "extensionHeader-!.%*+_`'~": '\ufeff\u5927\u505c\u96fb',
      },
    ),
    { method: CURIOUS_METHOD },
  ),
  torture(
    '3.1.1.3 esc01',
    'escaped characters in URIs',
    request('INVITE', 'sip:sips%3Auser%40example.com@example.net', {
      To: 'sip:%75se%72@example.com',
      From: '<sip:I%20have%20spaces@example.net>;tag=938',
      Contact: '\r\n  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>',
    }),
    { method: 'INVITE' },
  ),
  torture(
    '3.1.1.4 escnull',
    'escaped NULs in URIs',
    request('REGISTER', 'sip:example.com', {
      To: 'sip:null-%00-null@example.com',
      From: 'sip:null-%00-null@example.com;tag=839923423',
      Contact: '<sip:%00@host5.example.com>, <sip:%00%00@host5.example.com>',
    }),
    { method: 'REGISTER' },
  ),
  torture(
    '3.1.1.5 esc02',
    'percent signs that escape nothing, so that C%6Fntact is no Contact',
    request('RE%47IST%45R', 'sip:registrar.example.com', {
      Via: 'SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234',
      Contact: '<sip:alias1@host1.example.com>',
      'C%6Fntact': '<sip:alias2@host2.example.com>',
      To: '"%Z%45" <sip:resource@example.com>',
      From: '"%Z%45" <sip:resource@example.com>;tag=f232jadfj23',
    }),
    { method: 'RE%47IST%45R' },
  ),
  torture(
    '3.1.1.6 lwsdisp',
    'no blank between name and bracket',
    request('OPTIONS', 'sip:user@example.com', { From: 'caller<sip:caller@example.com>;tag=323' }),
    { method: 'OPTIONS' },
  ),
  torture(
    '3.1.1.7 longreq',
    'long values everywhere',
    request('INVITE', 'sip:user@example.com', {
      To: `"I have a user name of extreme proportion ${LONG}"<sip:user@example.com:6000;unknownparam1=${LONG};longparam${LONG}=v>`,
      From: `sip:${LONG}@example.net;tag=12${LONG}424;unknownheaderparam${LONG}=short`,
      'Call-ID': `longreq.one${LONG}longcallid`,
      Via: 'SIP/2.0/TCP sip33.example.com',
      ...Object.fromEntries(
        ['v', 'V', 'ViA', 'VIa', 'VIA', 'via', 'viA', 'vIa', 'vIA', 'V ', 'v  ', 'Via '].map(
          (name, i) => [name, `SIP/2.0/TCP sip${i}.example.com`],
        ),
      ),
      'vIa ': `SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very${LONG}branchvalue`,
      [`Unknown-${LONG}`]: LONG,
    }),
    { method: 'INVITE' },
  ),
  torture(
    '3.1.1.8 dblreq',
    'a second request behind the first in one datagram, which is not looked at',
    `${request('REGISTER', 'sip:example.com')}\r\n` +
      request('INVITE', 'sip:joe@example.com', {}, 'v=0'),
    { method: 'REGISTER', body: '' },
  ),
  torture(
    '3.1.1.9 semiuri',
    'semicolons in the user part',
    request('OPTIONS', 'sip:user;par=u%40example.net@example.com', {
      To: 'sip:j_user@example.com',
      Accept: 'application/sdp, application/pkcs7-mime, multipart/mixed',
    }),
    { method: 'OPTIONS' },
  ),
  torture(
    '3.1.1.10 transports',
    'transports that nobody knows',
    request('OPTIONS', 'sip:user@example.com', {
      Via: ['UDP t1', 'SCTP t2', 'TLS t3', 'UNKNOWN t4', 'TCP t5']
        .map((hop) => `SIP/2.0/${hop}.example.com;branch=z9hG4bK${hop.slice(-2)}`)
        .join(', '),
    }),
    { method: 'OPTIONS' },
  ),
  torture(
    '3.1.1.11 mpart01',
    'a body of several parts, binary among them',
    Buffer.concat([
      Buffer.from(
        request('MESSAGE', 'sip:kumiko@example.org', {
          'Content-Type': 'multipart/mixed;boundary=7a9cbec02ceef655',
          'Content-Length': String(MULTIPART.length),
        }),
      ),
      MULTIPART,
    ]),
    { method: 'MESSAGE', body: MULTIPART.toString() },
  ),
  torture(
    '3.1.1.12 unreason',
    'a reason phrase of numbers and Cyrillic letters',
    write('SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e', { CSeq: '35 INVITE' }),
    { status: 200 },
  ),
  torture(
    '3.1.1.13 noreason',
    'an empty reason phrase',
    write('SIP/2.0 100 ', { CSeq: '35 INVITE' }),
    { status: 100 },
  ),
  torture(
    '3.2.1 badbranch',
    'a branch that is the magic cookie alone: matched like one of RFC 2543',
    request('OPTIONS', 'sip:user@example.com', { Via: 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK' }),
    { method: 'OPTIONS' },
  ),
  torture(
    '3.3.2 unkscm',
    'a request URI of a scheme that nobody knows',
    request('OPTIONS', 'nobodyKnowsThisScheme:totallyopaquecontent'),
    { method: 'OPTIONS' },
  ),
  torture(
    '3.3.3 novelsc',
    'a request URI of a scheme that is not for SIP',
    request('OPTIONS', 'soap.beep://192.0.2.103:3002'),
    { method: 'OPTIONS' },
  ),
  torture(
    '3.3.4 unksm2',
    'unknown schemes in headers',
    request('REGISTER', 'sip:example.com', {
      To: 'isbn:2983792873',
      From: '<http://www.example.com>;tag=3234233',
      Contact: '<name:John_Smith>',
    }),
    { method: 'REGISTER' },
  ),
  torture(
    '3.3.5 bext01',
    'extensions required that nobody has',
    request('OPTIONS', 'sip:user@example.com', {
      Require: 'nothingSupportsThis, nothingSupportsThisEither',
      'Proxy-Require': 'noProxiesSupportThis, norDoAnyProxiesSupportThis',
    }),
    { method: 'OPTIONS' },
  ),
  torture(
    '3.3.6 invut',
    'a body of an unknown type',
    request(
      'INVITE',
      'sip:user@example.com',
      { 'Content-Type': 'application/unknownformat', Contact: '<sip:a@b>' },
      '<audio>\r\n <pcmu port="443"/>\r\n</audio>',
    ),
    { method: 'INVITE', body: '<audio>\r\n <pcmu port="443"/>\r\n</audio>' },
  ),
  torture(
    '3.3.7 regaut01',
    'an unknown way to authorise',
    request('REGISTER', 'sip:example.com', { Authorization: 'NoOneKnowsThisScheme opaque=1' }),
    { method: 'REGISTER' },
  ),
  torture(
    '3.3.10 bcast',
    'a response whose second Via is the broadcast address',
    write('SIP/2.0 200 OK', {
      Via: 'SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1, SIP/2.0/UDP 255.255.255.255;branch=z9hG4bKs',
      CSeq: '8 INVITE',
    }),
    { status: 200 },
  ),
  torture(
    '3.3.11 zeromf',
    'no hops left, which does not concern an endpoint',
    request('OPTIONS', 'sip:user@example.com', { 'Max-Forwards': '0' }),
    { method: 'OPTIONS' },
  ),
  torture(
    '3.3.12 cparam01',
    'a parameter of the Contact header',
    request('REGISTER', 'sip:example.com', { Contact: 'sip:+1972@gw1.example.net;unknownparam' }),
    { method: 'REGISTER' },
  ),
  torture(
    '3.3.13 cparam02',
    'a parameter of the URI in a Contact',
    request('REGISTER', 'sip:example.com', { Contact: '<sip:+1972@gw1.example.net;unknownparam>' }),
    { method: 'REGISTER' },
  ),
  torture(
    '3.3.14 regescrt',
    'a Route header escaped into a Contact',
    request('REGISTER', 'sip:example.com', {
      Contact: '<sip:user@example.com?Route=%3Csip:sip.example.com%3E>',
    }),
    { method: 'REGISTER' },
  ),
  torture(
    '3.3.15 sdp01',
    'an offer, and no way to answer it that the caller accepts',
    request('INVITE', 'sip:user@example.com', { Accept: 'text/nobodyKnowsThis' }, 'v=0\r\n'),
    { method: 'INVITE', body: 'v=0\r\n' },
  ),
  torture(
    '3.4.1 inv2543',
    'an INVITE of RFC 2543: no branch, no tag, no Max-Forwards, no Content-Length',
    [
      ...['INVITE sip:UserB@example.com SIP/2.0', 'Via: SIP/2.0/UDP iftgw.example.com'],
      ...['From: <sip:+13035551111@ift.client.example.net;user=phone>'],
      ...['To: sip:+16505552222@ss1.example.net;user=phone', 'Call-ID: inv2543.1717@ift.example'],
      ...['CSeq: 56 INVITE', 'Content-Type: application/sdp', '', 'v=0\r\n'],
    ].join('\r\n'),
    { method: 'INVITE', body: 'v=0\r\n' },
  ),
];
