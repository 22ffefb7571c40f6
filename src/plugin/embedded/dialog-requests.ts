/**
 * The dialog module: what the customer hears and presses. Each request ends in one event, `dialog.X.done`
 * or `error.dialog.X`; what is stopped, by `<dialog:stop>` or by the next sound, ends as `cancelled`.
 */
import { collectDigits, type CollectRequest } from '../../holder/digit-collection.js';
import type { HeldCall, Prompt, PromptsEnd } from '../../holder/held-call.js';
import { type Asked, isFalse, millisecondsOf, numberOf, partsNamed, textOf } from './asked.js';
import { routeTo } from './interaction-requests.js';
import { promptsOf, soundOf, treatmentOf, type Treatment } from './treatments.js';
import {
  callOf,
  failRefused,
  type RequestContext,
  type RequestHandler,
} from './request-context.js';

/** Dialogs of one session at a time: each `dialog:start` runs a page. */
const DIALOGS_MAX = 5;

export const dialogRequests: Readonly<Record<string, RequestHandler>> = {
  'dialog.play': (asked, context) => {
    const prompts = promptsOf(asked);
    play(asked, context, { prompts, loop: false });
  },
  'dialog.playsound': (asked, context) => play(asked, context, soundOf(asked)),
  'dialog.runtreatments': (asked, context) => {
    const treatments = asked.children.map(treatmentOf);
    const prompts = treatments.flatMap((treatment) => treatment.prompts);
    play(asked, context, { prompts, loop: false });
  },
  'dialog.playandcollect': (asked, context) => collect(asked, context, promptsOf(asked)),
  'dialog.collect': (asked, context) => collect(asked, context, []),
  'dialog.start': startPage,
  'dialog.stop': (asked, context) => {
    const requestId = textOf(asked, 'requestid') ?? '';
    const dialog = context.dialogs.get(requestId);
    if (!dialog) return context.fail(asked, 'unknown', 'no dialog with this requestid goes on');
    dialog.stop();
    context.raise('dialog.stop.done', { requestid: requestId });
  },
  'dialog.remote': (asked, context) => routeTo(asked, context, textOf(asked, 'destination', 'to')),
};

function play(asked: Asked, context: RequestContext, treatment: Treatment): void {
  const call = callOf(asked, context);
  if (!call) return;
  const { prompts, loop, durationMs } = treatment;
  if (prompts.length === 0)
    return context.fail(asked, 'invalidattribute', 'nothing to play: name a resource or a prompt');
  const playback = call.play(prompts, { loop });
  let isDurationOver = false;
  const stopTimer =
    loop && durationMs !== undefined
      ? context.clock.after(durationMs, () => {
          isDurationOver = true;
          void playback.stop();
        })
      : undefined;
  context.dialogs.set(asked.requestId, { stop: () => void playback.stop() });
  void playback.done.then((end) => {
    stopTimer?.();
    context.dialogs.delete(asked.requestId);
    tellPlayed(asked, context, call, end, isDurationOver);
  });
}

function tellPlayed(
  asked: Asked,
  context: RequestContext,
  call: HeldCall,
  end: PromptsEnd,
  isDurationOver: boolean,
): void {
  if (end.kind === 'refused') return failRefused(context, asked, end);
  if (end.kind === 'stopped' && !isDurationOver)
    return context.fail(asked, 'cancelled', 'it was stopped before its end');
  context.done(asked, { interactionid: call.facts.interactionId });
}

function collect(asked: Asked, context: RequestContext, prompts: readonly Prompt[]): void {
  const call = callOf(asked, context);
  if (!call) return;
  const collection = collectDigits(call, context.clock, collectRequestOf(asked, prompts));
  context.dialogs.set(asked.requestId, { stop: () => collection.stop() });
  void collection.done.then((end) => {
    context.dialogs.delete(asked.requestId);
    if (end.kind === 'refused') return failRefused(context, asked, end);
    if (end.kind === 'stopped') return context.fail(asked, 'cancelled', 'it was stopped');
    const { digits, endedBy } = end;
    const interactionid = call.facts.interactionId;
    context.done(asked, { interactionid, digits, endedby: endedBy });
  });
}

function collectRequestOf(asked: Asked, prompts: readonly Prompt[]): CollectRequest {
  const [input] = partsNamed(asked, 'input');
  // Its own attributes count where there is no <input>.
  const part = input ?? asked;
  return {
    prompts,
    isInterruptible: !partsNamed(asked, 'prompt').some((prompt) => isFalse(prompt, 'interrupt')),
    maxDigits: numberOf(part, 'max_digits', 'maxdigits') ?? 1,
    endDigits: textOf(part, 'term_digits', 'termdigits'),
    abortDigits: textOf(part, 'abort_digits', 'abortdigits'),
    firstDigitMs: millisecondsOf(part, 'start_timeout', 'first_timeout'),
    betweenDigitsMs: millisecondsOf(part, 'digit_timeout', 'inter_timeout'),
    totalMs: millisecondsOf(part, 'total_timeout', 'timeout'),
  };
}

/** A VoiceXML page on the call: what its exit hands back comes as `extensions`. */
function startPage(asked: Asked, context: RequestContext): void {
  const call = callOf(asked, context);
  if (!call) return;
  const { pages, parameters } = context;
  const url = pageUrlOf(asked, context.url);
  if (url === undefined)
    return context.fail(asked, 'invalidattribute', 'APP_URI names the page to start');
  if (!pages || !parameters)
    return context.fail(asked, 'unsupported', 'VoiceXML pages cannot be run here');
  if (context.dialogs.size >= DIALOGS_MAX)
    return context.fail(asked, 'invalidstate.treating', `${DIALOGS_MAX} dialogs go on already`);
  context.raise('dialog.start.requestid', { requestid: asked.requestId });
  // The first of exit, failure and stop is the one that counts.
  const ended = (tell: () => void): void => {
    if (context.dialogs.delete(asked.requestId)) tell();
  };
  const run = pages.start(
    { url, call, parameters, ttlMs: parameters._ttl * 1000 },
    {
      exited: (result, values) =>
        ended(() => context.done(asked, { extensions: { ...values, treatment_result: result } })),
      failed: (code, why) => ended(() => context.fail(asked, 'remote', `${code}: ${why}`)),
      trail: (what, detail) => context.trail(what, detail),
    },
  );
  context.dialogs.set(asked.requestId, {
    stop: () =>
      ended(() => {
        void run.stop('ended');
        context.fail(asked, 'cancelled', 'it was stopped');
      }),
  });
}

function pageUrlOf(asked: Asked, base: string): string | undefined {
  const uri = asked.params.APP_URI;
  if (typeof uri === 'string' && uri !== '') return URL.parse(uri, base)?.href ?? uri;
  const named = textOf(asked, 'src', 'type');
  return named !== undefined && /^https?:/i.test(named) ? named : undefined;
}
