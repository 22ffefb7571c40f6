/** Pages that ask for keys. */

export const field = (type: string, more = ''): string =>
  `<form><field name="a"${type === '' ? '' : ` type="${type}"`}>${more}<nomatch><log>nomatch</log></nomatch><noinput><log>noinput</log></noinput><filled><log><value expr="a"/></log><exit/></filled></field></form>`;
export const grammar = (rules: string, attributes = ''): string =>
  `<grammar mode="dtmf" version="1.0" root="r" ${attributes}>${rules}</grammar>`;
export const withGrammar = (rules: string, attributes = ''): string =>
  field('', grammar(rules, attributes));
export const menu = (choices: string, attributes = ''): string =>
  `<menu ${attributes}><prompt>choose <enumerate/></prompt>${choices}<catch event="a b"><log><value expr="_event"/></log><exit/></catch><nomatch><log>nomatch</log></nomatch></menu><form id="f"><block><log>f</log></block></form>`;
