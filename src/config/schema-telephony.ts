/** The blocks that name the telephony servers: drachtio for signalling, FreeSWITCH for media. */
import { host, name, option, NAME, PATH, port, secret } from './schema-parts.js';
import { AUDIO_TAPS } from './schema-terms.js';
import type { OptionSpec, TextFormat, ValueType } from './schema-types.js';

const HOST_AND_PORT: TextFormat = {
  pattern: /^(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:]{2,45}\]):[1-9][0-9]{0,4}$/,
  says: 'host:port, such as 10.0.0.5:5080',
};
const HOST_MAYBE_PORT: TextFormat = {
  pattern:
    /^(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[?[0-9A-Fa-f:]{2,45}\]?|[A-Za-z0-9][A-Za-z0-9.-]{0,252}:[1-9][0-9]{0,4}|\[[0-9A-Fa-f:]{2,45}\]:[1-9][0-9]{0,4})$/,
  says: 'a host name or IP address, or host:port',
};
const hostMaybePort: ValueType = { kind: 'text', maxLength: 300, format: HOST_MAYBE_PORT };

const allowDefaultSecret = option(
  'allowDefaultSecret',
  { kind: 'boolean' },
  'Accepts a secret that the vendor ships and everybody knows (`cymru`, `ClueCon`, `JambonzR0ck$`) for a server that is not on loopback. Such a server is refused otherwise.',
  { default: false },
);

export const drachtio: OptionSpec = option(
  'drachtio',
  {
    kind: 'list',
    maxItems: 16,
    uniqueBy: 'name',
    orSingle: true,
    of: {
      kind: 'block',
      options: [
        option(
          'name',
          name,
          'Name of the site in logs and records; `freeswitch[].site` refers to it. Needed when there are several.',
          { default: 'main' },
        ),
        option('host', host, 'Where it listens for applications.', { default: '127.0.0.1' }),
        option('port', port, 'Its admin port, or its admin TLS port.', { default: 9022 }),
        option('secret', secret, 'Its shared secret.', { default: 'cymru' }),
        allowDefaultSecret,
        option(
          'tls',
          { kind: 'boolean' },
          'Connects over TLS (1.2 or newer), reconnections included. The secret and every SIP message travel in clear otherwise.',
          { default: false },
        ),
        option(
          'tlsCa',
          { kind: 'text', maxLength: 1024, format: PATH },
          'PEM file with the authorities that may sign its certificate.',
          { defaultSays: 'those of the system' },
        ),
        option('tlsServerName', host, 'Name that its certificate has to bear.', {
          defaultSays: 'as `host`',
        }),
      ],
    },
  },
  'The drachtio server: one block, or a list with one block a site. Calls go to the least loaded site; when one is lost, new calls go to the others. Only with `engine: servers`.',
);

export const freeswitch: OptionSpec = option(
  'freeswitch',
  {
    kind: 'list',
    maxItems: 32,
    of: {
      kind: 'block',
      options: [
        option('host', host, 'Where its event socket listens.', { default: '127.0.0.1' }),
        option('port', port, 'Port of the event socket.', { default: 8021 }),
        option('secret', secret, 'Password of the event socket.', { default: 'ClueCon' }),
        allowDefaultSecret,
        option(
          'site',
          { kind: 'text', maxLength: 64, format: NAME },
          'Name of the drachtio server that it works with. Needed when there are several.',
          { defaultSays: 'the only one' },
        ),
        option(
          'maxSessions',
          { kind: 'integer', min: 1, max: 100000 },
          'Channels on it at most, those of other applications included: no new call beyond that. A call to an agent takes a second one, and gets it even so. Calls are spread in proportion.',
          { defaultSays: 'its own `max-sessions`' },
        ),
        option(
          'maxSetUpsPerSecond',
          { kind: 'integer', min: 1, max: 1000 },
          'New calls a second on it at most. Below that the rate is learned from how long set-ups take; whoever has to wait is dialled later.',
          { defaultSays: '80 % of its own `sessions-per-second`' },
        ),
        option(
          'maxSetUpsInProgress',
          { kind: 'integer', min: 1, max: 1000 },
          'Calls being set up on it at a time at most: endpoints being made and answers being connected, not calls that ring.',
          { defaultSays: 'half a second of the learned rate' },
        ),
        option(
          'advertise',
          hostMaybePort,
          'Our own address, with or without a port, as this server reaches us: for its outbound socket and the audio tap. Needed when it runs on another machine behind other addresses than ours.',
          { defaultSays: 'where it sees our connection come from' },
        ),
        option(
          'listen',
          hostMaybePort,
          'Address, with or without a port, that we listen on for its outbound sockets. They carry no password.',
          { defaultSays: 'where it sees our connection come from, any port' },
        ),
        option(
          'allowPublicListener',
          { kind: 'boolean' },
          'Lets us listen for outbound sockets on an address that the Internet can reach, which is refused otherwise.',
          { default: false },
        ),
        option(
          'sipAddress',
          { kind: 'text', maxLength: 300, format: HOST_AND_PORT },
          'Where drachtio reaches its SIP profile, when that is not the address it names itself.',
          { defaultSays: 'as `sofia status` says' },
        ),
        option(
          'mediaPath',
          { kind: 'text', maxLength: 1024, format: PATH },
          'Where this server sees the folder `media.directory`, when that differs. Our own sounds and fetched ones are put into its sub-folder `.dialback`.',
        ),
        option(
          'audioTap',
          { kind: 'choice', values: AUDIO_TAPS },
          "How it hands the customer's audio to call progress detection. `auto`: mod_audio_fork where it is loaded, else unicast, which hears nothing once a file plays. `recording`: a file in the temporary folder of this host, which loses its name at once; only for a server on this host.",
          { default: 'auto' },
        ),
        option(
          'profile',
          { kind: 'text', maxLength: 64, format: NAME },
          'Name of its sofia profile for us.',
          { default: 'drachtio_mrf' },
        ),
      ],
    },
  },
  'The FreeSWITCH servers, a pool for each site. Servers may come and go while the service runs: one that is taken out gets no new calls and may finish those it has. Only with `engine: servers`.',
  { default: [] },
);
