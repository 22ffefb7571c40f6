import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import {
  PERSONAS,
  PERSONA_NAMES,
  isPersonaName,
  personaScript,
} from '../../src/farend/personas.js';
import { needsMedia, soundFiles, type ScriptStep } from '../../src/farend/persona-script.js';
import { BEEP, CED, SIT, synthesise } from '../../src/farend/tones.js';
import { MEDIA } from './media.js';

function flat(steps: readonly ScriptStep[]): readonly ScriptStep[] {
  return steps.flatMap((step) => (step.step === 'repeat' ? [step, ...flat(step.steps)] : [step]));
}

describe('personas', () => {
  it('have a name, a description and a conclusion each', () => {
    for (const name of PERSONA_NAMES) {
      assert.match(name, /^[a-z]+(-[a-z]+)*$/);
      assert.ok(PERSONAS[name].does.length > 10 && PERSONAS[name].concludes.length >= 3, name);
      assert.ok(isPersonaName(name));
    }
    assert.ok(!isPersonaName('toString'));
  });

  it('speak only with sounds that ship with the product', async () => {
    const files = PERSONA_NAMES.flatMap((name) => soundFiles(personaScript(name).steps));
    assert.deepEqual([...new Set(files)].sort(), [
      'far-end/agent.wav',
      'far-end/greeting.wav',
      'far-end/hello.wav',
    ]);
    for (const file of new Set(files)) await access(`${MEDIA}${file}`);
  });

  it('can be performed: what is said is said on an open line, what ends ends once', () => {
    for (const name of PERSONA_NAMES) {
      const script = personaScript(name);
      const steps = flat(script.steps).map(({ step }) => step);
      const firstWord = steps.indexOf('say');
      const opened = steps.findIndex((step) => step === 'answer' || step === 'early-media');
      assert.ok(firstWord < 0 || (opened >= 0 && opened < firstWord), `${name} speaks unheard`);
      const ends = steps.filter((step) => step === 'hang-up' || step === 'reject');
      assert.ok(ends.length <= 1, `${name} ends twice`);
      if (ends.length === 1) assert.equal(steps.at(-1), ends[0], `${name} goes on after its end`);
      assert.equal(needsMedia(script), opened >= 0 || script.onCancel === 'answer', name);
    }
  });

  it('live at the tempo they are given', () => {
    const [first] = personaScript('human', { ringMs: 7 }).steps;
    assert.deepEqual(first, { step: 'ring', ms: 7 });
  });

  it('leave a busy tone running until the caller or the network gives up', () => {
    const says = (giveUpMs: number): number =>
      personaScript('busy-tone', { giveUpMs }).steps.filter(({ step }) => step === 'say').length;
    assert.equal(says(10_000), 10);
    assert.equal(says(0), 1);
  });
});

describe('tones', () => {
  it('last as long as written, at the level written', () => {
    const beep = synthesise(BEEP);
    assert.equal(beep.length, 3200);
    const middle = beep.subarray(400, 2800);
    const rms = Math.sqrt(middle.reduce((sum, x) => sum + x * x, 0) / middle.length);
    const levelDbm0 = 20 * Math.log10((rms * Math.SQRT2) / 32767) + 3.14;
    assert.ok(Math.abs(levelDbm0 - BEEP.levelDbm0) < 0.1, `${levelDbm0} dBm0`);
  });

  it('have the frequencies written: counted by their zero crossings', () => {
    assert.ok(Math.abs(frequency(synthesise(CED)) - 2100) < 2);
    const segments = (tone: (typeof SIT)[keyof typeof SIT]): number[] => {
      const pcm = synthesise(tone);
      let at = 0;
      return tone.segments.slice(0, 3).map(({ ms }) => {
        const part = pcm.subarray(at, at + ms * 8);
        at += ms * 8;
        return Math.round(frequency(part) / 10) * 10;
      });
    };
    // Telcordia GR-1162; the reason is told by which of the first two tones are low and high.
    assert.deepEqual(segments(SIT.generic), [950, 1400, 1800]);
    assert.deepEqual(segments(SIT.intercept), [910, 1370, 1780]);
    assert.deepEqual(segments(SIT.vacant), [990, 1370, 1780]);
    assert.deepEqual(segments(SIT.reorder), [910, 1430, 1780]);
    assert.deepEqual(segments(SIT.noCircuit), [990, 1430, 1780]);
  });
});

function frequency(pcm: Int16Array): number {
  const crossings: number[] = [];
  for (let i = 1; i < pcm.length; i++) {
    const a = pcm[i - 1]!;
    const b = pcm[i]!;
    if (a < 0 && b >= 0) crossings.push(i - b / (b - a));
  }
  const periods = crossings.length - 1;
  return (8000 * periods) / (crossings.at(-1)! - crossings[0]!);
}
