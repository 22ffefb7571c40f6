/** Which grammars listen beside those of the item, in which order, and what they refer to (2.0, 2.5 and 3.1). */
import { cases, documentOf } from './bed.js';

const KEY_5 = '<grammar mode="dtmf" version="1.0" root="r"><rule id="r">5</rule></grammar>';
const FIELD = '<field name="a" type="digits?length=1"><filled><exit/></filled></field>';
const leafOf = (root: string): string =>
  documentOf(`<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" application="${root}">
    <form>${FIELD}</form><catch event="help"><log>help</log><exit/></catch></vxml>`);
const scoped = (before: string, after: string): string =>
  documentOf(
    `${before}<grammar mode="dtmf" version="1.0" root="r" scope="document"><rule id="r">1</rule></grammar>${after}`,
  );
const goesToScoped = {
  page: `<form><block><goto next="b.vxml"/></block><catch event="error.badfetch"><log>refused</log><exit/></catch></form>`,
  logs: 'refused',
};

cases('VoiceXML: what listens beside an item', [
  {
    name: '2.0 2.5: a fragment in a link of the root is a dialog of the root',
    page: leafOf('root/root.vxml'),
    files: {
      'root/root.vxml': documentOf(
        `<var name="v" expr="1"/><link next="#operator" dtmf="*"/><form id="operator"><block><assign name="v" expr="v+1"/><log expr="v"/><exit/></block></form>`,
      ),
    },
    caller: '*',
    logs: '2',
  },
  {
    name: '2.0 2.5: an address in a link of the root is relative to the root',
    page: leafOf('root/root.vxml'),
    files: {
      'root/root.vxml': documentOf('<link next="operator.vxml" dtmf="*"/>'),
      'root/operator.vxml': documentOf('<form><block><log>operator</log></block></form>'),
    },
    caller: '*',
    logs: 'operator',
  },
  {
    name: '2.0 2.2: a choice of a menu of the root leads on from the root',
    page: leafOf('root/root.vxml'),
    files: {
      'root/root.vxml': documentOf(
        '<menu scope="document"><choice dtmf="*" next="#x"/></menu><form id="x"><block><log>x</log><exit/></block></form>',
      ),
    },
    caller: '*',
    logs: 'x',
  },
  {
    name: '2.0 3.1.1: a grammar of the root is fetched relative to the root',
    page: leafOf('root/root.vxml'),
    files: {
      'root/root.vxml': documentOf(
        '<link event="help"><grammar src="star.grxml" type="application/srgs+xml"/></link>',
      ),
      'root/star.grxml':
        '<grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" mode="dtmf" root="r"><rule id="r">*</rule></grammar>',
    },
    caller: '*',
    logs: 'help',
  },
  {
    name: '2.0 3.1.4: of a link and a menu of the page, the first in the document is taken',
    page: `<link dtmf="5" event="link"/><form><field name="a" type="boolean"/></form>
      <menu scope="document"><choice dtmf="5" event="menu"/></menu>
      <catch event="link menu"><log expr="_event"/><exit/></catch>`,
    caller: '5',
    logs: 'link',
  },
  {
    name: '2.0 3.1.4: of a link and a grammar of the form, the first in the document is taken',
    page: `<form><link dtmf="5" event="link"/>${KEY_5}<field name="a" type="boolean"/><catch event="link"><log>link</log><exit/></catch></form>`,
    caller: '5',
    logs: 'link',
  },
  {
    name: '2.0 3.1.3: a grammar of a field cannot say where it listens',
    ...goesToScoped,
    files: { 'b.vxml': scoped('<form><field name="a">', '</field></form>') },
  },
  {
    name: '2.0 3.1.3: nor can one of a link',
    ...goesToScoped,
    files: { 'b.vxml': scoped('<form><link event="x">', '</link><block/></form>') },
  },
  {
    name: '2.0 3.1.3: nor can one of a choice',
    ...goesToScoped,
    files: { 'b.vxml': scoped('<menu><choice event="x">', '</choice></menu>') },
  },
  {
    name: '2.0 5.1.5: what matched nothing is in application.lastresult$ too',
    page: `<form><field name="a" type="boolean"><nomatch><log expr="application.lastresult$.utterance + application.lastresult$.inputmode"/><exit/></nomatch></field></form>`,
    caller: '*',
    logs: '*dtmf',
  },
]);
