import assert from 'node:assert/strict';
import { decodeDocument } from '../../src/vxml/document/decode.js';

const WORD = '<a>Grüße</a>';
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const declared = (encoding: string): string =>
  `<?xml version="1.0" encoding = '${encoding}'?>${WORD}`;

describe('The bytes of a document', () => {
  const rows: [name: string, body: Buffer, contentType: string | undefined, text: string][] = [
    ['are UTF-8 where nothing is said', Buffer.from(WORD), undefined, WORD],
    [
      'are what the server says',
      Buffer.from(WORD, 'latin1'),
      'text/xml; charset="iso-8859-1"',
      WORD,
    ],
    [
      'are what the declaration says',
      Buffer.from(declared('ISO-8859-1'), 'latin1'),
      'text/xml',
      declared('ISO-8859-1'),
    ],
    [
      'are what their mark says, whoever says otherwise',
      Buffer.from(`\ufeff${WORD}`),
      'text/xml; charset=iso-8859-1',
      WORD,
    ],
    [
      'are UTF-16 by their mark, little end first',
      Buffer.from(`\ufeff${declared('UTF-16')}`, 'utf16le'),
      undefined,
      declared('UTF-16'),
    ],
    [
      'are UTF-16 by their mark, big end first',
      utf16be(`\ufeff${declared('UTF-16')}`),
      undefined,
      declared('UTF-16'),
    ],
    [
      'are UTF-16 without a mark where it can be seen',
      utf16be(declared('UTF-16')),
      'text/xml; charset=utf-16',
      declared('UTF-16'),
    ],
    [
      'are UTF-8 when their UTF-16 is only declared',
      Buffer.from(declared('utf-16')),
      undefined,
      declared('utf-16'),
    ],
    [
      'are UTF-8 when nobody knows the charset',
      Buffer.from(WORD),
      'text/xml; charset=x-none',
      WORD,
    ],
    ['may be none', Buffer.alloc(0), undefined, ''],
  ];
  for (const [name, body, contentType, text] of rows) {
    it(name, () => assert.equal(decodeDocument(body, contentType), text));
  }
});
