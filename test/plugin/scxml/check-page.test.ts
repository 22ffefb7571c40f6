import assert from 'node:assert/strict';
import { checkPage } from '../../../src/plugin/scxml/check-page.js';
import { DEFAULT_LIMITS } from '../../../src/plugin/scxml/limits.js';
import { ORCHESTRATION } from '../../../src/plugin/scxml/orchestration/dialect.js';

const check = (text: string, files: Readonly<Record<string, string>> = {}) =>
  checkPage(text, 'page.scxml', {
    limits: DEFAULT_LIMITS,
    dialects: [ORCHESTRATION],
    fetch: (reference) => {
      const found = files[reference];
      return Promise.resolve(
        found === undefined
          ? { kind: 'failed', why: 'not found' }
          : { kind: 'ok', text: found, url: reference },
      );
    },
  });

const linesOf = async (text: string, files = {}): Promise<string[]> =>
  (await check(text, files)).problems.map(
    ({ code, severity, at, message }) => `${at?.line ?? '-'} ${severity} ${code}: ${message}`,
  );

const page = (body: string): string =>
  `<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" profile="ecmascript" xmlns:xi="http://www.w3.org/2001/XInclude"
 xmlns:session="http://www.genesyslab.com/modules/session" xmlns:dialog="http://www.genesyslab.com/modules/dialog" xmlns:queue="www.genesyslab.com/modules/queue">
${body}</scxml>`;

describe('checking a page', () => {
  it('finds nothing wrong with a page that runs', async () => {
    const { problems, document, isDialect } = await check(
      page('<state id="s"><onentry><session:fetch srcexpr="_data._reply_url"/></onentry></state>'),
    );
    assert.deepEqual(problems, []);
    assert.equal(isDialect, true);
    assert.deepEqual(
      document?.states.map(({ id }) => id),
      ['', 's'],
    );
  });

  it('lists every element nobody knows, by line, and goes on behind it', async () => {
    const found = await linesOf(
      page(`<state id="s"><onentry>
<dialog:juggle/>
<if cond="true"><ws:call xmlns:ws="urn:other"/></if>
</onentry>
<transition event="e" target="nowhere"/></state>`),
    );
    assert.deepEqual(found, [
      '4 error SCXML_UNKNOWN_ELEMENT: <dialog:juggle> of "http://www.genesyslab.com/modules/dialog" is not supported',
      '5 error SCXML_UNKNOWN_ELEMENT: <ws:call> of "urn:other" is not supported',
      '7 error SCXML_UNKNOWN_TARGET: no state has the id "nowhere"',
    ]);
  });

  it('reads every expression and script without running it', async () => {
    const found = await linesOf(
      page(`<script>throw new Error('never run');</script>
<state id="s"><onentry><log expr="1 +"/>
<dialog:play interactionid="'i"><dialog:prompt/></dialog:play></onentry>
<transition cond="a b" target="s"/></state>
<script>function (</script>`),
    );
    assert.deepEqual(
      found.map((line) => line.replace(/: .*/, '')),
      [
        '4 error SCXML_SCRIPT_ERROR',
        '5 error SCXML_SCRIPT_ERROR',
        '6 error SCXML_SCRIPT_ERROR',
        '7 error SCXML_SCRIPT_ERROR',
      ],
    );
  });

  it('warns of what works differently here', async () => {
    const found = await linesOf(
      page(`<script>
var a = 1;
var item = _genesys.session.getListItemValue('list', 'item');</script>
<state id="s"><onentry>
<queue:query/>
<dialog:play prompt="'a.wav'"/>
<queue:submit><dialog:play><dialog:prompt/></dialog:play><dialog:collect/></queue:submit>
<session:fetch gdelivery="true" srcexpr="'x'"/></onentry></state>`),
    );
    assert.deepEqual(found, [
      '5 warning SCXML_CAUTION: _genesys.session.getListItemValue needs a configuration server: it throws here',
      '7 warning SCXML_CAUTION: <queue:query> is always answered with error.queue.query',
      '8 warning SCXML_CAUTION: <dialog:play> has no <dialog:prompt>, so it is answered with error.dialog.play',
      '9 warning SCXML_CAUTION: <dialog:collect> inside <queue:submit> is left out: who waits hears play and playsound',
      '10 warning SCXML_CAUTION: <session:fetch> is sent once, whatever gdelivery says',
    ]);
  });

  it('fetches what the page includes and refers to', async () => {
    assert.deepEqual(await linesOf(page('<script src="lib.js"/><state id="s"/>')), [
      '- error SCXML_FETCH_FAILED: lib.js: not found',
    ]);
    assert.match(
      (
        await linesOf(page('<state id="s"><xi:include href="part.scxml" parse="xml"/></state>'))
      )[0] ?? '',
      /^3 error SCXML_FETCH_FAILED: part\.scxml: not found/,
    );
  });

  it('says what is no page at all', async () => {
    assert.match((await linesOf('<scxml>'))[0] ?? '', /error SCXML_XML_MALFORMED/);
    assert.match((await linesOf('<!DOCTYPE a><a/>'))[0] ?? '', /error SCXML_XML_DOCTYPE/);
  });
});
