/** The looks of the page `/docs`. Its hash stands in the page's policy, so it is one constant. */
export const DOCS_STYLE = `
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6775; --line: #dfe4ea; --paper: #fff;
  --side: #f5f7f9; --code: #eef1f5; --blue: #1b62b5; --green: #1a7a45; --amber: #9a5b00; --red: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e8ee; --soft: #9aa7b5; --line: #303a46;
  --paper: #161b22; --side: #1b222b; --code: #252e39; --blue: #79b2f5; --green: #6fcf97; --amber: #e5b567;
  --red: #f28b82 } }
* { box-sizing: border-box }
html { scroll-behavior: smooth; scroll-padding-top: 1rem }
body { margin: 0; display: grid; grid-template-columns: 20rem minmax(0, 1fr); color: var(--ink);
  background: var(--paper); font: 15px/1.55 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.25rem 1rem 3rem;
  background: var(--side); border-right: 1px solid var(--line); font-size: 13.5px }
nav .name { margin: 0 0 1rem; font-size: 18px; font-weight: 650 }
nav .name span { margin-left: .5rem; color: var(--soft); font-size: 12px; font-weight: 400 }
nav h2 { margin: 1.2rem 0 .3rem; font-size: 12px; color: var(--soft); font-weight: 600 }
nav ul { list-style: none; margin: 0; padding: 0 }
nav a { display: grid; grid-template-columns: 3.6rem 1fr; padding: .2rem .3rem; border-radius: 4px; color: inherit;
  text-decoration: none; overflow-wrap: anywhere }
nav a:hover, nav a:focus-visible { background: var(--code) }
main { max-width: 62rem; padding: 2rem 2.5rem 6rem }
h1 { margin: 0 0 .5rem; font-size: 28px; line-height: 1.2 }
.intro { max-width: 46rem; margin: .4rem 0; color: var(--soft) }
section > h2 { margin: 3rem 0 0; padding-bottom: .4rem; border-bottom: 1px solid var(--line); font-size: 20px }
section > p { margin: .5rem 0 0; color: var(--soft) }
article { margin: 1.8rem 0 0; padding-bottom: 1.6rem; border-bottom: 1px solid var(--line) }
h3 { display: flex; gap: .7rem; align-items: baseline; margin: 0; font-size: 15px }
h3 code { background: none; padding: 0; font-size: 15px; overflow-wrap: anywhere }
h3 em { font-style: normal; color: var(--amber) }
h4 { margin: 1rem 0 .3rem; font-size: 13px; color: var(--soft); font-weight: 600 }
article p { margin: .35rem 0; max-width: 46rem }
.summary { font-weight: 600 }
.m { font: 600 11px/1.6 ui-monospace, "DejaVu Sans Mono", monospace; text-transform: uppercase; color: var(--soft) }
.m.get { color: var(--blue) } .m.post { color: var(--green) } .m.put { color: var(--amber) }
.m.delete { color: var(--red) }
code { padding: .1em .3em; border-radius: 3px; background: var(--code);
  font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, monospace }
table { width: 100%; border-collapse: collapse; font-size: 13.5px }
td, th { padding: .35rem .6rem .35rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top;
  font-weight: 400 }
th { width: 30% } td:nth-child(2) { width: 16%; color: var(--soft) }
td table { margin-top: .4rem; font-size: 13px }
.note { display: block; color: var(--soft); font-size: 12px; overflow-wrap: anywhere }
details { border-top: 1px solid var(--line) }
summary, .answer { padding: .3rem 0; cursor: pointer } .answer { cursor: default; border-top: 1px solid var(--line) }
.s { display: inline-block; min-width: 2.6rem; margin-right: .6rem; font-weight: 600 }
.s.good { color: var(--green) } .s.bad { color: var(--red) }
a { color: var(--blue) }
@media (max-width: 56rem) { body { display: block } nav { position: static; height: auto; border: 0 }
  main { padding: 1.25rem } th, td:nth-child(2) { width: auto } }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto } }
`;
