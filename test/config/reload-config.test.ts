import assert from 'node:assert/strict';
import { LiveConfig, logReload, type Reload } from '../../src/config/reload-config.js';
import { TemporaryFolder } from './temporary-config.js';

describe('LiveConfig', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  const START = 'services: { a: { _ttl: 5 } }\nstore: { url: "sqlite:a.db" }\n';
  const reloaded = async (text: string) => {
    const before = await folder.load(START);
    const live = new LiveConfig(before);
    folder.write('dialback.yaml', text);
    return { before, live, reload: await live.reload() };
  };
  const linesOf = (reload: Reload) => {
    const lines: string[] = [];
    const write = (level: string) => (_fields: object, message: string) =>
      void lines.push(`${level} ${message.replace(/^.*dialback\.yaml/, 'F')}`);
    const log = { debug: write('D'), info: write('I'), warn: write('W'), error: write('E') };
    logReload(log, reload);
    return lines;
  };

  it('takes a right file over and says what changed', async () => {
    const { live, reload } = await reloaded(START.replace('5', '7'));
    assert.equal(live.current.services['a']?.options.ttlMs, 7000);
    assert.deepEqual(linesOf(reload), ['I services.a._ttl: 5 -> 7', 'I configuration reloaded']);
  });

  it('keeps the old one whole when anything is wrong, and prints each problem as `check` does', async () => {
    const { before, live, reload } = await reloaded(
      'services: { a: { _ttl: 7, _max_dial_atempts: 2 }, b: { _ttl: soon } }\n',
    );
    assert.equal(live.current, before);
    assert.deepEqual(linesOf(reload), [
      'E F:1:27: error CONFIG_UNKNOWN_OPTION services.a._max_dial_atempts: There is no such option here. (did you mean _max_dial_attempts?)',
      'E F:1:62: error CONFIG_WRONG_TYPE services.b._ttl: A value of another type. (found "soon"; allowed a whole number of seconds from 0 to 31536000)',
      'E configuration not reloaded: the one from before stays in force',
    ]);
  });

  it('says what a reload would do, and does nothing', async () => {
    const live = new LiveConfig(await folder.load(START));
    folder.write('dialback.yaml', START.replace('5', '7'));
    const preview = await live.preview();
    const changes = [{ path: 'services.a._ttl', from: '5', to: '7' }];
    assert.deepEqual(preview, { kind: 'valid', changes });
    assert.equal(live.current.services['a']?.options.ttlMs, 5000);
  });

  it('applies nothing when a part of it needs a restart', async () => {
    const { before, live, reload } = await reloaded(
      'services: { a: { _ttl: 7 } }\nstore: { url: "sqlite:b.db" }\nhttp: { listen: "127.0.0.1:9" }\n',
    );
    assert.equal(live.current, before);
    assert.deepEqual(linesOf(reload), [
      'E store.url: (hidden) -> (hidden): needs a restart',
      'E http.listen: 127.0.0.1:8080 (default) -> 127.0.0.1:9: needs a restart',
      'E configuration not reloaded: none of its changes is in force',
    ]);
  });

  it('keeps the old one when the file is gone', async () => {
    const before = await folder.load(START);
    const live = new LiveConfig({ ...before, file: `${folder.path}/gone.yaml` });
    const reload = await live.reload();
    assert.equal(reload.kind, 'invalid');
    assert.match(linesOf(reload)[0] ?? '', /CONFIG_FILE_MISSING/);
  });
});
