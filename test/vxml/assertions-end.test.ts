/** What the specification says of the end of the call (VoiceXML 2.0, 1.5.4, 5.3.9, 5.3.11; 2.1, 8). */
import { cases } from './bed.js';

const form = (content: string): string => `<form>${content}</form>`;
const log = (code: string): string => `<log expr="${code}"/>`;
const digit = (name: string, more = ''): string =>
  `<field name="${name}" type="digits?length=1">${more}</field>`;
const answer = `<catch event="error.semantic"><log>semantic</log><exit/></catch><catch event="error.badfetch"><log>badfetch</log><exit/></catch>`;
const page = (content: string, attributes = ''): string =>
  `<vxml version="2.1" ${attributes}>${content}</vxml>`;
const talked = { kind: 'ended', result: 'far_end_disconnect', durationMs: 5000 } as const;

cases('VoiceXML after the call, as specified', [
  {
    name: '2.0 1.5.4: after a hang-up a page may still go to another one, and leave a result there',
    page: form(
      `${digit('a')}<catch event="connection.disconnect.hangup"><goto next="after.vxml"/></catch>`,
    ),
    files: { 'after.vxml': page(form(`<block><prompt>unheard</prompt><exit expr="7"/></block>`)) },
    caller: 'hangup',
    value: 7,
    prompts: '',
  },
  {
    name: '2.0 1.5.4: it ends where it would wait for the caller again',
    page: form(
      `${digit('a')}<catch event="connection.disconnect.hangup"><clear/><log>gone</log></catch>`,
    ),
    caller: 'hangup',
    logs: 'gone',
  },
  {
    name: '2.0 1.5.4: a hang-up while a prompt is heard',
    page: form(
      `${digit('a', '<prompt>a long prompt</prompt>')}<catch event="connection.disconnect.hangup">${log("'h'")}</catch>`,
    ),
    caller: '~hangup',
    logs: 'h',
  },
  {
    name: '2.0 1.5.4: a hang-up while what is queued is heard before the end',
    page: form(
      `<block><prompt>a long goodbye</prompt><exit expr="1"/></block><catch event="connection.disconnect.hangup"><exit expr="2"/></catch>`,
    ),
    caller: '~hangup',
    value: 1,
  },
  {
    name: '2.0 1.5.4: a hang-up in a menu',
    page: `<menu><choice dtmf="1" next="#x">a</choice><catch event="connection.disconnect">${log('_event')}</catch></menu><form id="x"/>`,
    caller: 'hangup',
    logs: 'connection.disconnect.hangup',
  },
  {
    name: '2.0 1.5.4: a hang-up in a subdialog is its own event, and its page may return a value by exit',
    page: form(`<subdialog name="s" src="#sub"/>`).concat(
      `<form id="sub">${digit('a')}<catch event="connection.disconnect.hangup"><exit expr="'sub'"/></catch></form>`,
    ),
    caller: 'hangup',
    value: 'sub',
  },
  {
    name: '2.0 1.5.4: after a hang-up a subdialog may still return',
    page: form(
      `<subdialog name="s" src="#sub"><filled><exit expr="s.v"/></filled></subdialog>`,
    ).concat(
      `<form id="sub"><var name="v" expr="3"/>${digit('a')}<catch event="connection.disconnect.hangup"><return namelist="v"/></catch></form>`,
    ),
    caller: 'hangup',
    value: 3,
  },
  {
    name: '2.0 1.5.4: after a hang-up nothing is transferred and nothing recorded',
    page: form(
      `${digit('a')}<record name="r"/><transfer name="t" dest="tel:1" bridge="true"/><catch event="connection.disconnect.hangup"><assign name="a" expr="1"/></catch><block><log>no</log></block>`,
    ),
    caller: 'hangup',
    transfer: () => talked,
    logs: '',
  },
  {
    name: '2.1 8: disconnect leaves values, which count where no exit leaves others',
    page: form(
      `<var name="v" expr="{ action: 'cancel' }"/><block><disconnect namelist="v"/></block>`,
    ),
    values: { v: { action: 'cancel' } },
  },
  {
    name: '2.1 8: the values of a later exit count in place of those of the disconnect',
    page: form(
      `<var name="v" expr="1"/><var name="w" expr="2"/><block><disconnect namelist="v"/></block><catch event="connection.disconnect.hangup"><exit namelist="w"/></catch>`,
    ),
    values: { w: 2 },
  },
  {
    name: '2.1 8: a variable of the disconnect that is not declared is error.semantic',
    page: form(`<block><disconnect namelist="nothing"/></block>${answer}`),
    logs: 'semantic',
  },
  {
    name: '2.0 5.3.11: disconnect twice is one hang-up',
    page: form(
      `<block><disconnect/></block><catch event="connection.disconnect.hangup" count="1"><log>1</log><disconnect/></catch><catch event="connection.disconnect.hangup" count="2"><log>2</log><exit/></catch>`,
    ),
    logs: '1|2',
  },
  {
    name: '2.0 5.3.9: exit with expr and namelist is error.badfetch',
    page: form(`<block><goto next="b.vxml"/></block>${answer}`),
    files: {
      'b.vxml': page(form('<var name="v"/><block><exit expr="1" namelist="v"/></block>')),
    },
    logs: 'badfetch',
  },
]);
