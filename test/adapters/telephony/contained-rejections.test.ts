import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isContained } from '../../../src/adapters/telephony/contained-rejections.js';

const MODULE = new URL('../../../src/adapters/telephony/contained-rejections.ts', import.meta.url);

/** Runs a rejection in a process of its own. @returns its exit code and what it logged */
async function rejectIn(statement: string): Promise<{ code: number; out: string }> {
  const program = `
    import { containKnownRejections } from ${JSON.stringify(MODULE.href)};
    const log = { warn: (fields, message) => console.log(message, fields.why) };
    containKnownRejections(log); containKnownRejections(log);
    ${statement}
    setTimeout(() => console.log('alive'), 50);`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return { code: 0, out: stdout };
  } catch (thrown) {
    const { code, stdout } = thrown as { code: number; stdout: string };
    return { code, out: stdout };
  }
}

describe('loose rejections of the SIP libraries', () => {
  it('are known by their code alone', () => {
    const withCode = (code: string): Error => Object.assign(new Error('x'), { code });
    assert.equal(isContained(withCode('ENODIALOG')), true);
    assert.equal(isContained(withCode('ESOCKETDESTROYED')), true);
    assert.equal(isContained(withCode('ENOENT')), false);
    assert.equal(isContained({ code: 'ENODIALOG' }), false);
    assert.equal(isContained(undefined), false);
  });

  it('field notes 6: un-caught dialog.destroy of fsmrf; does not end the process', async () => {
    const { code, out } = await rejectIn(
      `void Promise.reject(Object.assign(new Error('unable to find dialog'), { code: 'ENODIALOG' }));`,
    );
    assert.equal(code, 0);
    assert.match(out, /contained .* unable to find dialog\nalive/);
  });

  it('leave every other rejection fatal', async () => {
    const { code, out } = await rejectIn(`void Promise.reject(new Error('a bug'));`);
    assert.notEqual(code, 0);
    assert.doesNotMatch(out, /alive/);
  });
});
