import assert from 'node:assert/strict';
import { ORCHESTRATION } from '../../../../src/plugin/scxml/orchestration/dialect.js';
import { makeBed, type Run } from '../bed.js';

const page = (body: string): string =>
  `<scxml xmlns="http://www.w3.org/2005/07/scxml" xmlns:xi="http://www.w3.org/2001/XInclude" version="1.0"
    profile="ecmascript" _persist="false" xmlns:session="http://www.genesyslab.com/modules/session"
    xmlns:ixn="http://www.genesyslab.com/modules/interaction" xmlns:dialog="www.genesyslab.com/modules/dialog">${body}</scxml>`;

const bedWith = (files: Readonly<Record<string, string>> = {}) =>
  makeBed({ dialect: ORCHESTRATION, files });

async function logOf(
  body: string,
  params: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const bed = await bedWith();
  const { log, ends } = await bed.run(page(body), params);
  assert.deepEqual(ends, []);
  await bed.clock.advance(5000);
  return log;
}

const inEntry = (content: string, more = ''): string =>
  `<state id="s"><onentry>${content}</onentry><transition event="*"><log expr="_event.name"/></transition></state>${more}`;

describe('the orchestration dialect', () => {
  it('keeps data items and parameters in _data, and knows them by bare name', async () => {
    const log = await logOf(
      `<datamodel><data id="system" expr="'data'"/><data id="n" expr="1"/></datamodel>
       <script>var system = 'script'; n = n + 1;</script>
       ${inEntry(`<assign location="n" expr="n + 1"/><log expr="[_data.system, system, _data.n, n, _reply_url]"/><log expr="JSON.stringify(_data)"/>`)}`,
      { _reply_url: '"http://127.0.0.1/r"' },
    );
    assert.equal(log[0], '["data","script",3,3,"http://127.0.0.1/r"]');
    assert.match(log[1] ?? '', /\\"_reply_url\\":/);
  });

  it('takes quoted attributes for code, names for names', async () => {
    const log = await logOf(
      inEntry(
        `<script>var wait = '1s', ids = { a: 'x1' };</script>
         <send event="'quoted'" delay="'10ms'"/><send event="plain" delay="20ms"/><send event="'later'" delay="wait"/>
         <send event="'never'" id="x1" delay="'2s'"/><cancel sendid="ids['a']"/>
         <raise event="raised"/><event name="old"/>`,
      ),
    );
    assert.deepEqual(log, ['"raised"', '"old"', '"quoted"', '"plain"', '"later"']);
  });

  it('takes params of a raise and content of the older spelling', async () => {
    const log = await logOf(
      `<state id="s"><onentry><raise event="a"><param name="p" expr="1"/></raise><send event="'b'"><content _expr="({ q: 2 })"/></send></onentry>
       <transition event="*"><log expr="_event.data"/></transition></state>`,
    );
    assert.deepEqual(log, ['{"p":1}', '{"q":2}']);
  });

  it('gives scripts what the original gives them', async () => {
    const log = await logOf(
      inEntry(
        `<script><!-- comments are dropped --> __Log('said'); __Raise('raised', { a: 1 });</script>
         <log expr="[({ a: 1 }).toSource(), uneval([1]), __GetDocumentURL()]"/>`,
      ),
    );
    assert.deepEqual(log, ['__Log="said"', '["({\\"a\\":1})","[1]","test.scxml"]', '"raised"']);
  });

  it('hands an extension element to the host with everything evaluated, its requestid assigned first', async () => {
    const bed = await bedWith();
    const { requests, log, send } = await bed.run(
      page(
        `<datamodel><data id="reqid"/></datamodel>
         <state id="s"><onentry><session:fetch requestid="_data.reqid" srcexpr="_data._reply_url" method="'post'" timeout="30">
           <param name="action" expr="'cancel'"/></session:fetch></onentry>
         <transition event="session.fetch.done" cond="_event.data.requestid == _data.reqid"><log expr="'done'"/></transition></state>`,
      ),
      { _reply_url: '"http://127.0.0.1/r"' },
    );
    assert.equal(requests.length, 1);
    assert.equal(requests[0]?.name, 'session.fetch');
    const data = JSON.parse(requests[0].data ?? '') as { requestid: string };
    assert.deepEqual(data, {
      requestid: data.requestid,
      attributes: { srcexpr: 'http://127.0.0.1/r', method: 'post', timeout: 30 },
      params: { action: 'cancel' },
    });
    await send('session.fetch.done', { requestid: data.requestid });
    assert.deepEqual(log, ['"done"']);
  });

  it('keeps nested prompts, and takes either spelling of a namespace', async () => {
    const bed = await bedWith();
    const { requests } = await bed.run(
      page(
        inEntry(
          `<dialog:play interactionid="'i1'"><dialog:prompts type="'ann'"><dialog:prompt interrupt="true" text="'hello'"/></dialog:prompts></dialog:play>
           <dialog:stop requestid="'r9'"/><ixn:detach interactionid="'i1'"/>`,
        ),
      ),
    );
    assert.deepEqual(
      requests.map(({ name }) => name),
      ['dialog.play', 'dialog.stop', 'interaction.detach'],
    );
    const [play, stop] = requests.map(
      ({ data }) => JSON.parse(data ?? '') as Record<string, unknown>,
    );
    assert.deepEqual(play?.children, [
      {
        name: 'prompts',
        attributes: { type: 'ann' },
        children: [{ name: 'prompt', attributes: { interrupt: true, text: 'hello' } }],
      },
    ]);
    assert.deepEqual(stop?.attributes, { requestid: 'r9' });
  });

  it('refuses by name and line what it does not know', async () => {
    const bed = await bedWith();
    const { ends } = await bed.run(
      page('\n<state id="s"><onentry>\n<dialog:juggle/></onentry></state>'),
    );
    const [end] = ends;
    assert.equal(end?.kind === 'refused' && end.code, 'SCXML_UNKNOWN_ELEMENT');
    assert.match(end?.kind === 'refused' ? end.message : '', /^test\.scxml:5:1: <dialog:juggle>/);
  });

  it('leaves plain SCXML alone', async () => {
    const bed = await bedWith();
    const { log } = await bed.run(
      '<state id="s"><onentry><log expr="typeof _data"/></onentry></state>',
    );
    assert.deepEqual(log, ['"undefined"']);
  });
});

describe('included pages', () => {
  const part = `<scxml xmlns="http://www.w3.org/2005/07/scxml"><state id="block"><state id="in"><onentry><log expr="'$$_MY_PREFIX_$$ ' + _my_prefix"/></onentry>
    <transition target="$$_MY_PREFIX_$$.out"/></state><state id="out"/></state></scxml>`;
  const xi = 'xmlns:xi="http://www.w3.org/2001/XInclude"';
  const refusedWith = ({ ends: [end] }: Run): string | undefined =>
    end && 'code' in end ? end.code : undefined;

  it('bring scripts as text and states under a prefix', async () => {
    const bed = await bedWith({
      'lib.js': 'function twice(n) { return n < 3 && 2 * n; }',
      'part.scxml': part,
    });
    const { log, session } = await bed.run(
      page(`<script><xi:include href="lib.js" parse="text"/></script>
        <state id="main"><onentry><log expr="twice(2)"/></onentry><xi:include href="part.scxml" parse="xml" xpointer="block" resolveid="B1"/></state>`),
    );
    assert.deepEqual(log, ['4', '"B1 B1"']);
    assert.deepEqual(session.activeStates(), ['main', 'B1.block', 'B1.out']);
  });

  for (const [what, files, code] of [
    ['a page that is not there', {}, 'SCXML_FETCH_FAILED'],
    ['a part that is not there', { 'p.scxml': '<scxml/>' }, 'SCXML_FETCH_FAILED'],
    [
      'a page that includes itself',
      { 'p.scxml': `<state id="x"><xi:include ${xi} href="p.scxml" xpointer="x"/></state>` },
      'SCXML_INCLUDE_TOO_DEEP',
    ],
    [
      'a page that doubles itself',
      {
        'p.scxml': `<state id="x">${`<xi:include ${xi} href="p.scxml" xpointer="x"/>`.repeat(40)}</state>`,
      },
      'SCXML_INCLUDE_TOO_DEEP',
    ],
    ['a page that is no XML', { 'p.scxml': '<scxml>' }, 'SCXML_XML_MALFORMED'],
    [
      'a page of too much text',
      {
        'p.scxml': `<state id="x">${' '.repeat(1_999_000)}<xi:include ${xi} href="p.scxml" xpointer="x"/></state>`,
      },
      'SCXML_XML_TOO_LARGE',
    ],
  ] as const) {
    it(`refuse ${what}: ${code}`, async () => {
      const bed = await bedWith(files);
      const body = '<state id="m"><xi:include href="p.scxml" parse="xml" xpointer="x"/></state>';
      assert.equal(refusedWith(await bed.run(page(body))), code);
    });
  }

  it('are looked at anew for each session, also when the page is known', async () => {
    const files: Record<string, string> = { 'lib.js': 'var n = 1;' };
    const bed = await bedWith(files);
    const body = `<script><xi:include href="lib.js" parse="text"/></script>
      <state id="m"><onentry><log expr="n"/></onentry></state>`;
    const logOfRun = async (): Promise<string[]> => (await bed.run(page(body))).log;
    assert.deepEqual([await logOfRun(), await logOfRun()], [['1'], ['1']]);
    files['lib.js'] = 'var n = 2;';
    assert.deepEqual(await logOfRun(), ['2']);
    assert.deepEqual(bed.fetched, ['lib.js', 'lib.js', 'lib.js']);
    delete files['lib.js'];
    assert.equal(refusedWith(await bed.run(page(body))), 'SCXML_FETCH_FAILED');
  });

  it('are counted with everything else that is fetched', async () => {
    const bed = await bedWith({ 'a.js': '1;' });
    const many = '<script><xi:include href="a.js" parse="text"/></script>'.repeat(60);
    const { ends } = await bed.run(page(`${many}<state id="m"/>`));
    assert.equal(ends[0]?.kind === 'limit' && ends[0].code, 'SCXML_TOO_MANY_FETCHES');
  });
});
