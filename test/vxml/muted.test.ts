/** Keys that do not count (2.0, 6.3.6). */
import { cases } from './bed.js';

const VOICE_ONLY = '<property name="inputmodes" value="voice"/>';

cases('VoiceXML inputmodes without dtmf', [
  {
    name: '2.0 6.3.6: keys neither stop the prompt nor fill the field',
    page: `<form><field name="a" type="digits?length=1">${VOICE_ONLY}<prompt>first<audio src="b.wav"/>last</prompt><noinput><log>noinput</log><exit/></noinput></field></form>`,
    caller: '~1, 2',
    prompts: 'first|[http://pages.example.com/app/b.wav]|last',
    logs: 'noinput',
  },
  {
    name: '2.0 6.3.6: keys pressed before do not count either, and the next field listens again',
    page: `<form><block>hello</block><field name="a" type="digits?length=1">${VOICE_ONLY}<noinput><assign name="a" expr="'none'"/></noinput></field>
      <field name="b" type="digits?length=1"/><block><log expr="a + b"/></block></form>`,
    caller: '~1, 2, 3',
    logs: 'none3',
  },
  {
    name: '2.0 6.3.6: keys do not end a recording',
    page: `<form><record name="r" maxtime="9s">${VOICE_ONLY}<filled><log expr="r$.duration + ' ' + r$.termchar"/></filled></record></form>`,
    caller: 'speak:3000:5',
    logs: '3000 null',
  },
  {
    name: '2.0 6.3.6: keys do not end a transfer',
    page: `<form><transfer name="t" dest="tel:1" bridge="true">${VOICE_ONLY}<grammar mode="dtmf" root="r"><rule id="r">1</rule></grammar><filled><log expr="t"/></filled></transfer></form>`,
    transfer: () => ({ kind: 'ended', result: 'far_end_disconnect', durationMs: 9000 }),
    caller: '~1',
    logs: 'far_end_disconnect',
  },
  {
    name: '2.0 6.3.6: with both modes keys count',
    page: `<property name="inputmodes" value="voice dtmf"/><form><field name="a" type="digits?length=1"/><block><log expr="a"/></block></form>`,
    caller: '4',
    logs: '4',
  },
]);
