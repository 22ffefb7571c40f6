import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkPluginPages } from '../../src/cli/check-plugin-pages.js';
import { configOf } from '../request/test-config.js';
import { page } from '../plugin/embedded/bed.js';

const PAGES: Readonly<Record<string, string>> = {
  '/good': page('<state id="s"/>'),
  '/bad': page(`<state id="s"><onentry>\n<dialog:juggle/>\n<queue:query/></onentry></state>`),
};

describe('the check of the pages that a configuration names', () => {
  let server: Server;
  let origin: string;

  before(async () => {
    server = createServer((request, response) => {
      const text = PAGES[request.url ?? ''];
      response.writeHead(text === undefined ? 404 : 200).end(text);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => new Promise((done) => server.close(done)));

  const findingsOf = async (path: string, runner = 'embedded') => {
    const config = await configOf(`services:
  sales:
    _plugin_on_dial_url: ${origin}${path}
    pluginRunner: ${runner}
`);
    return checkPluginPages(config);
  };

  it('finds nothing wrong with a page that runs', async () => {
    assert.deepEqual(await findingsOf('/good'), []);
  });

  it('names what is not supported, by line, at the option that names the page', async () => {
    const found = await findingsOf('/bad');
    assert.deepEqual(
      found.map(({ code, severity, path, line, message }) => [code, severity, path, line, message]),
      [
        [
          'CHECK_PLUGIN_PAGE',
          'error',
          'services.sales._plugin_on_dial_url',
          3,
          'line 3: SCXML_UNKNOWN_ELEMENT: <dialog:juggle> of "http://www.genesyslab.com/modules/dialog" is not supported',
        ],
        [
          'CHECK_PLUGIN_PAGE',
          'warning',
          'services.sales._plugin_on_dial_url',
          3,
          'line 4: SCXML_CAUTION: <queue:query> is always answered with error.queue.query',
        ],
      ],
    );
  });

  it('leaves pages that are not there, and plugins that run elsewhere, to the others', async () => {
    assert.deepEqual(await findingsOf('/gone'), []);
    assert.deepEqual(await findingsOf('/bad', 'webhook'), []);
  });
});
