/** How call progress detection runs in this process; what a service does with it stands with the service. */
import type { OptionSpec, TextFormat } from './schema-types.js';
import { CPD_PROFILES } from './schema-terms.js';

const PATH: TextFormat = { pattern: /^[^\0\r\n]+$/, says: 'a path' };
const OURS = 'Dialback';

const RECORDER: readonly OptionSpec[] = [
  {
    key: 'directory',
    type: { kind: 'text', maxLength: 1024, format: PATH },
    doc: 'Folder for the beginning of each call: what the far end sent as WAV, and as JSON what was made of it. Naming it turns the recorder on. These are recordings of people: the law may ask for their consent.',
    defaultSays: 'nothing is recorded',
    source: OURS,
  },
  {
    key: 'seconds',
    type: { kind: 'integer', min: 1, max: 600, unit: 's' },
    doc: 'So much of each call. A second takes 16 kB of memory while the call is analysed.',
    default: 30,
    source: OURS,
  },
  {
    key: 'retentionDays',
    type: { kind: 'integer', min: 1, max: 3650 },
    doc: 'Recordings older than so many days are removed, at the start and every hour.',
    default: 7,
    source: OURS,
  },
  {
    key: 'services',
    type: { kind: 'list', maxItems: 1000, of: { kind: 'text', maxLength: 64 } },
    doc: 'Only calls of these services.',
    default: [],
    defaultSays: 'all services',
    source: OURS,
  },
];

export const CPD_BLOCK: OptionSpec = {
  key: 'cpd',
  type: {
    kind: 'block',
    options: [
      {
        key: 'shadowProfiles',
        type: { kind: 'list', maxItems: 4, of: { kind: 'choice', values: CPD_PROFILES } },
        doc: 'Profiles that listen to every call beside the one in use. Where one would have decided otherwise, it is logged and counted. Each costs as much CPU as the one in use.',
        default: [],
        source: OURS,
      },
      {
        key: 'calibration',
        type: { kind: 'text', maxLength: 1024, format: PATH },
        doc: 'File that `dialback cpd-train` wrote: the timing of the profiles, fitted to your own calls.',
        defaultSays: 'the timing of the product',
        source: OURS,
      },
      {
        key: 'recorder',
        type: { kind: 'block', options: RECORDER },
        doc: 'Flight recorder: keeps the beginning of calls, to find out why one was judged as it was.',
        source: OURS,
      },
    ],
  },
  doc: 'Call progress detection of this process.',
  source: OURS,
};
