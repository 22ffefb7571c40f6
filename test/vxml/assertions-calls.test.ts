/**
 * What the specification says of items that reach beyond the form: subdialogs, recordings, transfers
 * (VoiceXML 2.0, 2.3.4 to 2.3.7; 2.1, 7).
 */
import { cases } from './bed.js';

const form = (content: string): string => `<form>${content}</form>`;
const log = (code: string): string => `<log expr="${code}"/>`;
const answer = `<catch event="error.semantic"><log>semantic</log><exit/></catch><catch event="error.badfetch"><log>badfetch</log><exit/></catch>`;
const page = (content: string, attributes = ''): string =>
  `<vxml version="2.1" ${attributes}>${content}</vxml>`;
const talked = { kind: 'ended', result: 'far_end_disconnect', durationMs: 5000 } as const;

cases('VoiceXML subdialogs, as specified', [
  {
    name: '2.0 2.3.4: a subdialog is called by an expression',
    page: `<var name="to" expr="'sub.vxml'"/>${form(`<subdialog name="s" srcexpr="to + '#two'"><filled>${log('s.v')}</filled></subdialog>`)}`,
    files: {
      'sub.vxml': page(
        `<form/><form id="two"><var name="v" expr="'second'"/><block><return namelist="v"/></block></form>`,
      ),
    },
    logs: 'second',
  },
  {
    name: '2.0 2.3.4: without a fragment the first dialog is called',
    page: form(`<subdialog name="s" src="sub.vxml"><filled>${log('s.v')}</filled></subdialog>`),
    files: {
      'sub.vxml': page(
        `<form><var name="v" expr="'first'"/><block><return namelist="v"/></block></form><form id="two"/>`,
      ),
    },
    logs: 'first',
  },
  {
    name: '2.0 2.3.4: a cond that does not hold leaves the subdialog out',
    page: form(
      `<subdialog name="s" cond="false" src="none.vxml"/><block>${log('typeof s')}</block>`,
    ),
    logs: 'undefined',
  },
  {
    name: '2.0 2.3.4: an initial value leaves the subdialog out',
    page: form(`<subdialog name="s" expr="1" src="none.vxml"/><block>${log('s')}</block>`),
    logs: '1',
  },
  {
    name: '2.0 2.3.4: src and srcexpr together are error.badfetch',
    page: form(`<block><goto next="b.vxml"/></block>${answer}`),
    files: { 'b.vxml': page(form(`<subdialog name="s" src="a" srcexpr="'b'"/>`)) },
    logs: 'badfetch',
  },
  {
    name: '2.0 2.3.4: parameters are evaluated where they stand, and override the expr of their variable',
    page: form(
      `<var name="x" expr="'caller'"/><subdialog name="s" src="sub.vxml"><param name="p" expr="x + 1"/><param name="q" value="text"/><filled>${log('s.r')}</filled></subdialog>`,
    ),
    files: {
      'sub.vxml': page(
        form(
          `<var name="p" expr="nothing.at.all"/><var name="q"/><var name="r"/><block><assign name="r" expr="p + q"/><return namelist="r"/></block>`,
        ),
      ),
    },
    logs: 'caller1text',
  },
  {
    name: '2.0 6.4: a parameter with expr and value is error.badfetch',
    page: form(`<block><goto next="b.vxml"/></block>${answer}`),
    files: {
      'b.vxml': page(
        form(`<subdialog name="s" src="#x"><param name="p" expr="1" value="2"/></subdialog>`),
      ),
    },
    logs: 'badfetch',
  },
  {
    name: '2.0 6.4: a parameter with neither is error.badfetch',
    page: form(`<block><goto next="b.vxml"/></block>${answer}`),
    files: {
      'b.vxml': page(form(`<subdialog name="s" src="#x"><param name="p"/></subdialog>`)),
    },
    logs: 'badfetch',
  },
  {
    name: '2.0 2.3.4: objects given are the same objects, and their members may be changed',
    page: form(
      `<var name="o" expr="{ n: 1 }"/><subdialog name="s" src="#sub"><param name="p" expr="o"/></subdialog><block>${log('o.n')}</block>`,
    ).concat(
      `<form id="sub"><var name="p"/><block><assign name="p.n" expr="2"/><return/></block></form>`,
    ),
    logs: '2',
  },
  {
    name: '2.0 2.3.4: a subdialog without a namelist returns an object without members',
    page: form(
      `<subdialog name="s" src="#sub"><filled>${log('typeof s + typeof s.v')}</filled></subdialog>`,
    ).concat('<form id="sub"><var name="v" expr="1"/><block><return/></block></form>'),
    logs: 'objectundefined',
  },
  {
    name: '2.0 2.3.4: a subdialog of the same application does not see the variables of the caller’s root',
    page: page(
      form(`<subdialog name="s" src="sub.vxml"/><block>${log('application.n')}</block>`),
      'application="root.vxml"',
    ),
    files: {
      'root.vxml': page('<var name="n" expr="1"/>'),
      'sub.vxml': page(
        form(
          `<block>${log('application.n')}<assign name="application.n" expr="5"/><return/></block>`,
        ),
        'application="root.vxml"',
      ),
    },
    logs: '1|1',
  },
  {
    name: '2.0 2.3.4: the properties and handlers of the caller are not those of the subdialog',
    page: `<property name="timeout" value="1s"/><catch event="e"><log>caller</log></catch>${form(`<subdialog name="s" src="sub.vxml"/>`)}`,
    files: { 'sub.vxml': page(form('<block><throw event="e"/></block>')) },
    uncaught: 'e',
  },
  {
    name: '2.0 5.3.10: return gives an event by expression, with a message',
    page: form(
      `<subdialog name="s" src="#sub"><catch event="my">${log('_event + _message')}<exit/></catch></subdialog>`,
    ).concat(
      `<form id="sub"><block><return eventexpr="'my.' + 'e'" messageexpr="'m'"/></block></form>`,
    ),
    logs: 'my.em',
  },
  {
    name: '2.0 5.3.10: the item is not filled when an event is returned',
    page: form(
      `<subdialog name="s" src="#sub"><filled><log>no</log></filled><catch event="my">${log('typeof s')}<exit/></catch></subdialog>`,
    ).concat(`<form id="sub"><block><return event="my"/></block></form>`),
    logs: 'undefined',
  },
  {
    name: '2.0 5.3.10: return of a variable that is not declared is error.semantic of the subdialog',
    page: form(`<subdialog name="s" src="#sub"/>`).concat(
      `<form id="sub"><block><return namelist="nothing"/></block><catch event="error.semantic">${log("'sub'")}<exit/></catch></form>`,
    ),
    logs: 'sub',
  },
  {
    name: '2.0 5.3.10: return with an event and a namelist is error.badfetch',
    page: form(`<block><goto next="b.vxml"/></block>${answer}`),
    files: {
      'b.vxml': page(form('<var name="v"/><block><return event="e" namelist="v"/></block>')),
    },
    logs: 'badfetch',
  },
  {
    name: '2.0 2.3.4: an event nobody catches in the subdialog is not one of the caller',
    page: form(
      `<subdialog name="s" src="#sub"><catch><log>caller</log></catch></subdialog>`,
    ).concat('<form id="sub"><block><throw event="e"/></block></form>'),
    uncaught: 'e',
  },
]);

cases('VoiceXML recordings, as specified', [
  {
    name: '2.0 2.3.6: a cond or an initial value leaves a recording out',
    page: form(
      `<record name="a" cond="false"/><record name="b" expr="'x'"/><block>${log('typeof a + b')}</block>`,
    ),
    logs: 'undefinedx',
  },
  {
    name: '2.0 2.3.6: a format that is not recorded is error.unsupported.format',
    page: form(
      `<record name="a" type="audio/x-unheard-of"/><catch event="error.unsupported.format">${log("'format'")}<exit/></catch>`,
    ),
    caller: 'speak:500',
    logs: 'format',
  },
  {
    name: '2.0 2.3.6: the format that is recorded may be named',
    page: form(`<record name="a" type="audio/x-wav"/><block>${log('a$.duration')}</block>`),
    caller: 'speak:500',
    logs: '500',
  },
  {
    name: '2.0 2.3.6: noinput counts, and its prompts come again',
    page: form(
      `<record name="a"><prompt>one</prompt><prompt count="2">two</prompt><noinput><reprompt/></noinput></record>`,
    ),
    caller: '-, speak:500',
    prompts: 'one|two',
  },
  {
    name: '2.0 2.3.6: prompts are heard to their end before the recording, whatever is pressed',
    page: form(
      `<record name="a"><prompt>say it</prompt></record><block>${log('a$.duration')}</block>`,
    ),
    caller: '~1, speak:500',
    prompts: 'say it',
    logs: '500',
  },
  {
    name: '2.0 2.3.6: with dtmfterm off no key ends a recording',
    page: form(
      `<record name="a" dtmfterm="false"/><block>${log("a$.duration + '' + a$.termchar")}</block>`,
    ),
    caller: 'speak:2000:5',
    logs: '2000null',
  },
  {
    name: '2.0 2.3.6: a key ends a recording, and is its termchar',
    page: form(`<record name="a"/><block>${log("a$.duration + '' + a$.termchar")}</block>`),
    caller: 'speak:2000:5',
    logs: '10005',
  },
  {
    name: '2.0 2.3.6: a grammar of its own ends a recording, which is filled',
    page: form(
      `<record name="a" dtmfterm="false"><grammar mode="dtmf" version="1.0" root="r"><rule id="r">9 9</rule></grammar><filled>${log("a$.duration + '' + a$.termchar")}</filled></record>`,
    ),
    caller: 'speak:2000:99',
    logs: '1100null',
  },
  {
    name: '2.0 2.3.6: keys that match no grammar let it go on',
    page: form(
      `<record name="a" dtmfterm="false"><grammar mode="dtmf" version="1.0" root="r"><rule id="r">9 9</rule></grammar><filled>${log('a$.duration')}</filled></record>`,
    ),
    caller: 'speak:2000:98',
    logs: '2000',
  },
  {
    name: '2.0 2.3.6: with modal off, a link ends a recording, which is not filled',
    page: `<link event="l" dtmf="*"/>${form(`<record name="a" modal="false" dtmfterm="false"><filled><log>no</log></filled><catch event="l">${log('typeof a')}<exit/></catch></record>`)}`,
    caller: 'speak:2000:*',
    logs: 'undefined',
  },
  {
    name: '2.0 2.3.6: a recording is modal: a link is not heard in it',
    page: `<link event="l" dtmf="*"/>${form(`<record name="a"><filled>${log('a$.termchar')}</filled></record>`)}`,
    caller: 'speak:2000:*',
    logs: '*',
  },
  {
    name: '2.0 2.3.6: a maxtime that is no time is error.semantic',
    page: form(`<record name="a" maxtime="soon"/>${answer}`),
    caller: 'speak:500',
    logs: 'semantic',
  },
]);

cases('VoiceXML transfers, as specified', [
  {
    name: '2.0 2.3.7: a cond or an initial value leaves a transfer out',
    page: form(
      `<transfer name="a" dest="tel:1" cond="false"/><transfer name="b" dest="tel:1" expr="'x'"/><block>${log('typeof a + b')}</block>`,
    ),
    transfer: () => talked,
    logs: 'undefinedx',
  },
  {
    name: '2.1 7: bridge and type together are error.badfetch',
    page: form(`<block><goto next="b.vxml"/></block>${answer}`),
    files: {
      'b.vxml': page(form('<transfer name="t" dest="tel:1" bridge="true" type="bridge"/>')),
    },
    logs: 'badfetch',
  },
  {
    name: '2.0 2.3.7: dest and destexpr together are error.badfetch',
    page: form(`<block><goto next="b.vxml"/></block>${answer}`),
    files: { 'b.vxml': page(form(`<transfer name="t" dest="tel:1" destexpr="'tel:2'"/>`)) },
    logs: 'badfetch',
  },
  {
    name: '2.1 7: a consultation that is answered gives the customer away',
    page: form(
      `<transfer name="t" dest="tel:1" type="consultation"/><catch event="connection.disconnect.transfer">${log('typeof t')}</catch>`,
    ),
    transfer: () => ({ kind: 'transferred' }),
    logs: 'undefined',
  },
  {
    name: '2.1 7: a consultation that is not answered has its outcome, and the page goes on',
    page: form(
      `<transfer name="t" dest="tel:1" type="consultation"><filled>${log('t')}</filled></transfer><block>${log("'on'")}</block>`,
    ),
    transfer: () => ({ kind: 'ended', result: 'noanswer', durationMs: 0 }),
    logs: 'noanswer|on',
  },
  {
    name: '2.0 2.3.7.2: the prompts are heard before the transfer begins',
    page: form(`<transfer name="t" dest="tel:1" bridge="true"><prompt>wait</prompt></transfer>`),
    transfer: () => talked,
    prompts: 'wait',
  },
  {
    name: '2.0 2.3.7.2: a caller who hangs up while connected leaves the item undefined',
    page: form(
      `<transfer name="t" dest="tel:1" bridge="true"/><catch event="connection.disconnect.hangup">${log('typeof t')}</catch>`,
    ),
    caller: '~hangup',
    transfer: () => talked,
    logs: 'undefined',
  },
  {
    name: '2.0 2.3.7.3: an event of the transfer goes to its item',
    page: form(
      `<transfer name="t" dest="tel:1" bridge="true"><catch event="error.connection.noauthorization">${log("'item'")}<exit/></catch></transfer>`,
    ),
    transfer: () => ({
      kind: 'failed',
      event: 'error.connection.noauthorization',
      why: 'not allowed',
    }),
    logs: 'item',
  },
  {
    name: '2.0 2.3.7: a transfer that is made again after clear',
    page: form(
      `<var name="n" expr="0"/><transfer name="t" dest="tel:1" bridge="true"><filled><assign name="n" expr="n + 1"/><if cond="n &lt; 2"><clear namelist="t"/></if></filled></transfer><block>${log('n')}</block>`,
    ),
    transfer: () => talked,
    logs: '2',
  },
]);
