/**
 * Where things stand in the picture of the figure: boxes, the way of each arrow, the place of its
 * text. Nothing of what they say: that is the decision table's. An arrow of the table without a way
 * here fails a test.
 */

import type { BoxName } from './figure-boxes.js';

export const CANVAS = { width: 1260, height: 1050 } as const;

export type Point = readonly [x: number, y: number];

export interface BoxPlace {
  /** Centre. */
  readonly at: Point;
  readonly width: number;
  readonly height: number;
  readonly look: 'step' | 'question' | 'talk' | 'end';
  /** The option that a question asks about. */
  readonly option?: string;
}

export interface EdgeWay {
  /** From the edge of one box to the edge of the other. */
  readonly points: readonly Point[];
  /** Where its text starts, or ends with `anchor: 'end'`. */
  readonly text: Point;
  readonly anchor?: 'start' | 'middle' | 'end';
  /** Longest line of its text. */
  readonly chars: number;
  /** It crosses another one and goes over it. */
  readonly isAbove?: boolean;
}

const STEP = { width: 220, height: 48, look: 'step' } as const;
const TALK = { width: 220, height: 48, look: 'talk' } as const;
const QUESTION = { width: 268, height: 66, look: 'question' } as const;

const HUMAN_X = 200;
const MIDDLE_X = 570;
const RIGHT_X = 930;
/** Ways on the far right: past the machine, to the end, back to the dial. */
const PAST_X = RIGHT_X + 170;
const END_X = RIGHT_X + 225;
const BACK_X = RIGHT_X + 285;
/** Left of the middle and right of it: how customers leave the queue and the action. */
const QUEUE_END_X = HUMAN_X + 220;
const ACTION_END_X = MIDDLE_X + 172;
const ROUTE_X = MIDDLE_X + 40;

/** Lines from the top to the bottom, where the boxes stand. */
const Y = { dial: 96, cpd: 194, plugin: 302, second: 462, third: 606, fourth: 756, fifth: 868 };
const END_Y = 1000;
const END_TOP = END_Y - 24;

export const BOX_PLACES: Readonly<Partial<Record<BoxName, BoxPlace>>> = {
  dial: { at: [MIDDLE_X, Y.dial], ...STEP },
  cpd: { at: [MIDDLE_X, Y.cpd], ...STEP },
  plugin: { at: [MIDDLE_X, Y.plugin], ...QUESTION, option: '_plugin_on_dial_url' },
  vxml: {
    at: [HUMAN_X, Y.second],
    ...QUESTION,
    option: '_on_customer_connect_treatment_url',
  },
  action: { at: [MIDDLE_X, Y.second], ...STEP },
  machine: {
    at: [RIGHT_X, Y.second],
    ...QUESTION,
    option: '_treatment_call_failure_answering…',
  },
  connect: { at: [HUMAN_X, Y.third], ...QUESTION, option: '_treatment_customer_connect' },
  retry: { at: [RIGHT_X, Y.third], ...QUESTION, option: '_max_dial_attempts' },
  queue: { at: [HUMAN_X, Y.fourth], ...TALK },
  route: { at: [ROUTE_X, Y.fourth], ...TALK },
  bridge: { at: [HUMAN_X, Y.fifth], ...TALK },
  end: { at: [CANVAS.width / 2, END_Y], width: CANVAS.width - 120, height: 48, look: 'end' },
};

const half = { step: 24, question: 33, stepX: 110, questionX: 134 };
const PLUGIN_RIGHT = MIDDLE_X + half.questionX;
const MERGE_Y = Y.third - 56;
const QUEUE_RIGHT = HUMAN_X + half.stepX;

/** By the names of the two boxes. */
export const EDGE_WAYS: Readonly<Record<string, EdgeWay>> = {
  'dial>cpd': {
    points: [
      [MIDDLE_X, Y.dial + half.step],
      [MIDDLE_X, Y.cpd - half.step],
    ],
    text: [MIDDLE_X + 14, Y.dial + 44],
    chars: 40,
  },
  'cpd>plugin': {
    points: [
      [MIDDLE_X, Y.cpd + half.step],
      [MIDDLE_X, Y.plugin - half.question],
    ],
    text: [MIDDLE_X + 14, Y.cpd + 46],
    chars: 44,
  },
  'plugin>action': {
    points: [
      [MIDDLE_X, Y.plugin + half.question],
      [MIDDLE_X, Y.second - half.step],
    ],
    text: [MIDDLE_X + 14, Y.plugin + 54],
    chars: 30,
  },
  'plugin>vxml': {
    points: [
      [MIDDLE_X - half.questionX, Y.plugin],
      [HUMAN_X, Y.plugin],
      [HUMAN_X, Y.second - half.question],
    ],
    text: [MIDDLE_X - half.questionX - 14, Y.plugin - 10],
    anchor: 'end',
    chars: 30,
  },
  'plugin>machine': {
    points: [
      [PLUGIN_RIGHT, Y.plugin],
      [RIGHT_X, Y.plugin],
      [RIGHT_X, Y.second - half.question],
    ],
    text: [RIGHT_X - 14, Y.plugin + 70],
    anchor: 'end',
    chars: 30,
  },
  'plugin>retry': {
    points: [
      [PLUGIN_RIGHT, Y.plugin],
      [PAST_X, Y.plugin],
      [PAST_X, MERGE_Y],
      [RIGHT_X, MERGE_Y],
    ],
    text: [PAST_X - 14, Y.plugin + 30],
    anchor: 'end',
    chars: 19,
  },
  'plugin>end': {
    points: [
      [PLUGIN_RIGHT, Y.plugin],
      [END_X, Y.plugin],
      [END_X, END_TOP],
    ],
    text: [END_X - 14, Y.fourth + 24],
    anchor: 'end',
    chars: 20,
  },
  'vxml>action': {
    points: [
      [HUMAN_X + half.questionX, Y.second],
      [MIDDLE_X - half.stepX, Y.second],
    ],
    text: [HUMAN_X + half.questionX + 12, Y.second - 24],
    chars: 20,
  },
  'vxml>connect': {
    points: [
      [HUMAN_X, Y.second + half.question],
      [HUMAN_X, Y.third - half.question],
    ],
    text: [HUMAN_X + 14, Y.second + 62],
    chars: 20,
  },
  'connect>queue': {
    points: [
      [HUMAN_X, Y.third + half.question],
      [HUMAN_X, Y.fourth - half.step],
    ],
    text: [HUMAN_X + 14, Y.third + 58],
    chars: 14,
  },
  'connect>bridge': {
    points: [
      [HUMAN_X - half.questionX, Y.third],
      [HUMAN_X - 164, Y.third],
      [HUMAN_X - 164, Y.fifth],
      [HUMAN_X - half.stepX, Y.fifth],
    ],
    text: [HUMAN_X - 152, Y.third + 84],
    chars: 14,
  },
  'queue>bridge': {
    points: [
      [HUMAN_X, Y.fourth + half.step],
      [HUMAN_X, Y.fifth - half.step],
    ],
    text: [HUMAN_X + 14, Y.fourth + 48],
    chars: 20,
  },
  'queue>end': {
    points: [
      [QUEUE_RIGHT, Y.fourth + 12],
      [QUEUE_END_X, Y.fourth + 12],
      [QUEUE_END_X, END_TOP],
    ],
    text: [QUEUE_END_X + 14, Y.fourth + 62],
    chars: 19,
  },
  'bridge>end': {
    points: [
      [HUMAN_X, Y.fifth + half.step],
      [HUMAN_X, END_TOP],
    ],
    text: [HUMAN_X + 14, Y.fifth + 46],
    chars: 27,
  },
  'action>queue': {
    points: [
      [MIDDLE_X - 96, Y.second + half.step],
      [MIDDLE_X - 96, Y.fourth - 70],
      [QUEUE_RIGHT + 60, Y.fourth - 70],
      [QUEUE_RIGHT + 60, Y.fourth - 10],
      [QUEUE_RIGHT, Y.fourth - 10],
    ],
    text: [MIDDLE_X - 110, Y.second + 66],
    anchor: 'end',
    chars: 22,
  },
  'action>route': {
    points: [
      [ROUTE_X, Y.second + half.step],
      [ROUTE_X, Y.fourth - half.step],
    ],
    text: [ROUTE_X - 14, Y.third + 40],
    anchor: 'end',
    chars: 20,
  },
  'action>end': {
    points: [
      [MIDDLE_X + 80, Y.second + half.step],
      [MIDDLE_X + 80, Y.third + 48],
      [ACTION_END_X, Y.third + 48],
      [ACTION_END_X, END_TOP],
    ],
    text: [ACTION_END_X + 14, Y.third + 80],
    chars: 18,
  },
  'action>retry': {
    points: [
      [MIDDLE_X + half.stepX, Y.second],
      [ACTION_END_X, Y.second],
      [ACTION_END_X, Y.third],
      [RIGHT_X - half.questionX, Y.third],
    ],
    text: [ACTION_END_X + 14, Y.third - 28],
    chars: 20,
  },
  'machine>retry': {
    points: [
      [RIGHT_X, Y.second + half.question],
      [RIGHT_X, Y.third - half.question],
    ],
    text: [RIGHT_X - 14, Y.second + 54],
    anchor: 'end',
    chars: 20,
  },
  'retry>dial': {
    points: [
      [RIGHT_X + half.questionX, Y.third],
      [BACK_X, Y.third],
      [BACK_X, Y.dial],
      [MIDDLE_X + half.stepX, Y.dial],
    ],
    text: [BACK_X - 14, Y.dial + 26],
    anchor: 'end',
    chars: 44,
    isAbove: true,
  },
  'retry>end': {
    points: [
      [RIGHT_X, Y.third + half.question],
      [RIGHT_X, END_TOP],
    ],
    text: [RIGHT_X + 14, Y.third + 66],
    chars: 20,
  },
  'route>end': {
    points: [
      [ROUTE_X, Y.fourth + half.step],
      [ROUTE_X, END_TOP],
    ],
    text: [ROUTE_X + 14, Y.fourth + 62],
    chars: 14,
  },
};
