/** The boxes of the page's figure. Rows name them, the diagram draws them. */
export const BOX = {
  dial: 'Dial the customer',
  cpd: 'Call progress detection',
  plugin: 'Plugin enabled?',
  vxml: 'VXML enabled?',
  connect: 'On connect treatment?',
  machine: 'Machine treatment?',
  retry: 'Retry limit exceeded?',
  action: 'Execute the action',
  queue: 'Wait for an agent',
  bridge: 'Connect to the agent',
  route: 'Route to the destination',
  end: 'End',
  nothing: 'Nothing',
} as const;

export type Box = (typeof BOX)[keyof typeof BOX];

export type BoxName = keyof typeof BOX;

/** The name behind a box's text. */
export function boxName(box: Box): BoxName {
  const names = Object.keys(BOX) as BoxName[];
  return names.find((name) => BOX[name] === box) ?? 'nothing';
}
