/**
 * What GMS' clients send: web shops, IVRs, the mobile libraries, the tests of GMS itself. The answers are
 * those of GMS' documentation ("Callback Services API", "Phone Number Validation API", "Calendar Service
 * API"), of tests of GMS 8.5.11x, and what its mobile clients read.
 */

import type { Exchange, Expected } from './replay.js';

const CALLBACKS = '/genesys/1/service/callback';
const ADMIN = '/genesys/1/admin/callback';
const PACKAGE = 'com.genesyslab.gsg.services.callback.exceptions';
const ID = /^[0-9a-f-]{36}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const OPEN = /^(?:QUEUED|ROUTING)$/;

const CONFIRMATION: Expected = {
  _id: ID,
  _action: 'ConfirmationDialog',
  _text: 'You will receive the call shortly',
  _ok_title: 'Ok',
  _dialog_id: '0',
};

/** A whole hour, some hours ahead. */
function ahead(nowMs: number, hours: number): string {
  const hourMs = 3_600_000;
  return new Date((Math.floor(nowMs / hourMs) + hours) * hourMs).toISOString();
}

/** @param nowMs for desired times */
export function gmsExchanges(nowMs: number): Exchange[] {
  const tomorrow = ahead(nowMs, 25);
  const later = ahead(nowMs, 49);
  const number = '+16504661100';
  return [
    {
      title: 'an immediate callback, JSON',
      ...{ source: 'GMS 8.5.11x', status: 200, answer: CONFIRMATION, keep: 'now' },
      send: () => ({
        ...{ method: 'POST', path: `${CALLBACKS}/mobile` },
        json: {
          _customer_number: number,
          _urs_virtual_queue: 'SIP_VQ_SIP_Switch',
          _service_type: 'gold',
          GCS_TransferringNotepad: 'line is noisy',
        },
      }),
    },
    {
      title: 'another, urlencoded',
      ...{ source: 'documentation', status: 200, answer: CONFIRMATION, keep: 'form' },
      send: () => ({
        ...{ method: 'POST', path: `${CALLBACKS}/mobile` },
        form: { _customer_number: '(650) 466-1101', firstname: 'Jörg' },
      }),
    },
    {
      title: 'another, multipart as PHP’s curl sends it',
      ...{ source: 'documentation', status: 200, answer: CONFIRMATION, keep: 'multipart' },
      send: () => ({
        ...{ method: 'POST', path: `${CALLBACKS}/mobile` },
        multipart: { _customer_number: '+16504661102', subject: 'landing page' },
      }),
    },
    {
      title: 'a scheduled callback',
      ...{ source: 'GMS 8.5.11x', status: 200, answer: { _id: ID }, keep: 'scheduled' },
      without: ['_action', '_text'],
      send: () => ({
        ...{ method: 'POST', path: `${CALLBACKS}/mobile` },
        json: {
          ...{ _customer_number: number, _desired_time: tomorrow, _service_name: 'mobile' },
          ...{ CB_SUBSCRIPTION_ID: 'SUB-123456', _customer_id: '111222333' },
        },
      }),
    },
    {
      title: 'its details, by id',
      ...{ source: 'GMS 8.5.11x', status: 200 },
      answer: [
        {
          ...{ _id: ID, _service_name: 'mobile', _customer_number: number },
          ...{ _callback_state: 'SCHEDULED', _desired_time: tomorrow, _expiration_time: TIME },
          ...{
            _url: /^\/genesys\/1\/service\/callback\/mobile\//,
            CB_SUBSCRIPTION_ID: 'SUB-123456',
          },
        },
      ],
      send: ({ scheduled }) => ({ method: 'GET', path: `${CALLBACKS}?_id=${scheduled}` }),
    },
    {
      title: 'an update of a user key',
      ...{ source: 'GMS 8.5.11x', status: 200 },
      send: ({ scheduled }) => ({
        ...{ method: 'PUT', path: `${CALLBACKS}/mobile/${scheduled}` },
        json: {
          ...{ _customer_number: number, _desired_time: tomorrow, CB_SUBSCRIPTION_ID: 'Test' },
        },
      }),
    },
    {
      title: 'found by the lookup key that was updated, in one service',
      ...{ source: 'mobile client', status: 200, answer: [{ CB_SUBSCRIPTION_ID: 'Test' }] },
      send: () => ({
        method: 'GET',
        path: `${CALLBACKS}/mobile?CB_SUBSCRIPTION_ID=Test&operand=AND`,
      }),
    },
    {
      title: 'an update with an empty value, which deletes the key',
      ...{ source: 'GMS 8.5.11x', status: 200, without: ['CB_SUBSCRIPTION_ID'] },
      send: ({ scheduled }) => ({
        ...{ method: 'PUT', path: `${CALLBACKS}/mobile/${scheduled}` },
        json: { CB_SUBSCRIPTION_ID: '' },
      }),
    },
    {
      title: 'a new time, as the mobile clients name it',
      ...{ source: 'mobile client', status: 200, answer: { _desired_time: later } },
      send: ({ scheduled }) => ({
        ...{ method: 'PUT', path: `${CALLBACKS}/mobile/${scheduled}` },
        json: { _new_desired_time: later },
      }),
    },
    {
      title: 'what is not completed for a number',
      ...{ source: 'GMS 8.5.11x', status: 200 },
      answer: [
        { _callback_state: 'SCHEDULED', _service_name: 'mobile' },
        { _callback_state: OPEN, _service_type: 'gold' },
      ],
      send: () => ({
        ...{
          method: 'GET',
          path: `${CALLBACKS}?_customer_number=16504661100&_callback_state=!COMPLETED`,
        },
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    },
    {
      title: 'any lookup key, negated',
      ...{ source: 'documentation', status: 200, answer: [{ _callback_state: 'SCHEDULED' }] },
      send: () => ({
        ...{
          method: 'GET',
          path: `${CALLBACKS}?_customer_number=${encodeURIComponent(number)}&_service_type=!gold`,
        },
      }),
    },
    {
      title: 'where it stands',
      ...{ source: 'GMS 8.5.11x', status: 200, answer: { queue: 'q', position: 1 } },
      send: ({ now }) => ({
        method: 'GET',
        path: `/genesys/1/service/${now}/check-queue-position`,
      }),
    },
    {
      title: 'the list by queue, within the next two days',
      ...{ source: 'GMS 8.5.11x', status: 200 },
      answer: { mobile: [{}, {}, {}, {}], full: [], throttled: [] },
      send: () => ({ method: 'GET', path: `${ADMIN}/queues?end_time=${ahead(nowMs, 72)}` }),
    },
    {
      title: 'the list of one queue, by states',
      ...{ source: 'GMS 8.5.11x', status: 200 },
      answer: { mobile: [{ _id: ID, _desired_time: later }] },
      send: () => ({
        method: 'GET',
        path: `${ADMIN}/queues?target=mobile&states=SCHEDULED,PAUSED&end_time=${ahead(nowMs, 72)}`,
      }),
    },
    {
      title: 'the list by a filter key',
      ...{ source: 'GMS 8.5.11x', status: 200, answer: { mobile: [{ _service_type: 'gold' }] } },
      send: () => ({ method: 'GET', path: `${ADMIN}/queues?target=mobile&_service_type=gold` }),
    },
    {
      title: 'watermarks, which do not count what is scheduled',
      ...{ source: 'GMS 8.5.11x', status: 200 },
      answer: { services: { mobile: 3, full: 0 }, total: 3 },
      send: () => ({
        method: 'GET',
        path: `${ADMIN}/watermarks?service_name=mobile&service_name=full`,
      }),
    },
    {
      title: 'cancelling; the client names a type and sends nothing',
      ...{ source: 'GMS 8.5.11x', status: 200 },
      send: ({ form }) => ({
        ...{ method: 'DELETE', path: `${CALLBACKS}/mobile/${form}?discard_ors_failure=true` },
        headers: { 'content-type': 'application/json' },
      }),
    },
    {
      title: 'cancelling many',
      ...{ source: 'GMS 8.5.11x', status: 200 },
      send: ({ multipart, scheduled }) => ({
        ...{ method: 'POST', path: `${ADMIN}/cancel` },
        json: { reason: 'CANCELLED_BY_ADMIN', ids: [multipart, scheduled] },
      }),
    },
    {
      title: 'the reason it was cancelled for',
      ...{ source: 'GMS 8.5.11x', status: 200 },
      answer: [{ _callback_state: 'COMPLETED', _callback_reason: 'CANCELLED_BY_ADMIN' }],
      send: ({ scheduled }) => ({ method: 'GET', path: `${CALLBACKS}?_id=${scheduled}` }),
    },
    {
      title: 'the export of what was cancelled, with a title line',
      ...{ source: 'GMS 8.5.11x', status: 200 },
      answer: /^_service_id\r\n(?:[0-9a-f-]{36}\r\n){1,2}$/,
      send: () => ({
        ...{ method: 'POST', path: `${ADMIN}/reportcancelled` },
        json: { callback_reason: 'CANCELLED_BY_ADMIN', exported_properties: ['_service_id'] },
      }),
    },
    {
      title: 'cancelling what is over',
      ...{ source: 'ours', status: 409, answer: { code: 409, error: 'CBD_REQUEST_TOO_LATE' } },
      send: ({ scheduled }) => ({ method: 'DELETE', path: `${CALLBACKS}/mobile/${scheduled}` }),
    },
    ...offers(nowMs),
    ...refusals(number, ahead(nowMs, 26)),
  ];
}

/** What is asked before a callback. */
function offers(nowMs: number): Exchange[] {
  return [
    {
      title: 'office hours: open now',
      ...{ source: 'documentation', status: 200, answer: { error: null, periods: [{}] } },
      send: () => ({ method: 'GET', path: '/genesys/1/service/bh_24x7' }),
    },
    {
      title: 'office hours of some days',
      ...{ source: 'documentation', status: 200, answer: { error: null } },
      send: () => ({ method: 'GET', path: '/genesys/1/service/paris?number-of-days=3' }),
    },
    {
      title: 'free times, as a map',
      ...{ source: 'mobile client', status: 200, answer: { [ahead(nowMs, 5)]: 1 } },
      send: () => ({
        method: 'GET',
        path: `${CALLBACKS}/booked/availability?number-of-days=1&max-time-slots=10`,
      }),
    },
    {
      title: 'free times, as a list with local times',
      ...{ source: 'mobile client', status: 200 },
      answer: {
        ...{ durationMin: 60, timezone: 'Europe/Paris' },
        slots: [{ utcTime: ahead(nowMs, 5), localTime: /^[\d-]+T[\d:.]+$/, capacity: 1, total: 1 }],
      },
      send: () => ({
        method: 'GET',
        path: `/genesys/2/service/callback/booked/availability?start=${ahead(nowMs, 5)}&end=${ahead(nowMs, 6)}&timezone=Europe/Paris`,
      }),
    },
    {
      title: 'a mobile number in France',
      ...{ source: 'GMS 8.5.11x', status: 200 },
      answer: {
        ...{ 'country-code': 33, 'country-code-source': 'FROM_DEFAULT_COUNTRY' },
        ...{ 'country-default': 'FR', extension: '', 'is-possible-number': true },
        ...{ 'is-premium': false, 'is-valid-number': true, 'is-valid-number-for-region': true },
        ...{ 'italian-leading-zero': false, 'language-specified': 'de', location: 'Frankreich' },
        ...{ 'number-E164': '+33604120405', 'number-international': '+33 6 04 12 04 05' },
        ...{ 'number-national': '06 04 12 04 05', 'number-national-short': '604120405' },
        ...{ 'number-original': '06 04 12 04 05', 'number-specified': '0604120405' },
        ...{ 'number-type': 'MOBILE', 'region-code': 'FR', 'time-zone': 'Europe/Paris' },
      },
      send: () => ({
        method: 'GET',
        path: '/genesys/1/phonenumber?number=0604120405&country=FR&geocodingLocale=DE',
      }),
    },
    {
      title: 'no number at all',
      ...{ source: 'GMS 8.5.11x', status: 400 },
      answer: {
        exception: 'com.genesyslab.gsg.GSGException',
        message: 'Invalid Phone Number bad for Country DE (parsing impossible)',
      },
      send: () => ({
        method: 'GET',
        path: '/genesys/1/phonenumber?number=bad&country=DE&geocodingLocale=de',
      }),
    },
  ];
}

/** The errors, with class and message. */
function refusals(number: string, time: string): Exchange[] {
  const start = (service: string, json: object) => () =>
    ({ method: 'POST', path: `${CALLBACKS}/${service}`, json }) as const;
  const first = (service: string, json: object): Exchange => ({
    ...{ title: `${service}: the first one is taken`, source: 'GMS 8.5.11x', status: 200 },
    send: start(service, json),
  });
  return [
    {
      title: 'a premium number',
      ...{ source: 'GMS 8.5.11x', status: 400 },
      answer: {
        exception: `${PACKAGE}.CallbackExceptionNumber`,
        message:
          /^Customer Number \[.*\] is disallowed, because it's a premium number\. Check option _disallow_premium_phone_numbers$/,
        ...{ code: 400, phrase: 'Bad Request', error: 'CBD_REQUEST_NUMBER_REFUSED' },
        ...{ field: '_customer_number', value: '+190******34' },
      },
      send: start('mobile', { _customer_number: '+19005551234' }),
    },
    {
      title: 'an impossible number',
      ...{ source: 'GMS 8.5.11x', status: 400 },
      answer: {
        exception: `${PACKAGE}.CallbackExceptionNumber`,
        message:
          /^Customer Number \[.*\] is disallowed, because it is invalid\. Check option _disallow_impossible_phone_numbers$/,
      },
      send: start('mobile', { _customer_number: '+165046611' }),
    },
    {
      title: 'a number that cannot be parsed',
      ...{ source: 'GMS 8.5.11x', status: 400 },
      answer: { exception: 'com.genesyslab.gsg.GSGException' },
      send: start('mobile', { _customer_number: 'sip:me@here' }),
    },
    {
      title: 'no number',
      ...{ source: 'documentation', status: 400, answer: { message: /^invalid option/ } },
      send: start('mobile', { name: 'nobody' }),
    },
    {
      title: 'a mandatory key that is missing',
      ...{ source: 'documentation', status: 400 },
      answer: { message: /^invalid option/, field: 'account' },
      send: start('mandatory', { _customer_number: number }),
    },
    {
      title: 'a desired time that is none',
      ...{ source: 'ours', status: 400, answer: { field: '_desired_time', value: 'soon' } },
      send: start('mobile', { _customer_number: number, _desired_time: 'soon' }),
    },
    first('throttled', { _customer_number: number }),
    {
      title: 'throttled: the second within the window',
      ...{ source: 'GMS 8.5.11x', status: 503 },
      answer: {
        exception: `${PACKAGE}.CallbackExceptionServiceUnavailable`,
        message: 'Limit of queued callbacks for throttled is reached for interval 300s.',
      },
      send: start('throttled', { _customer_number: '+16504661103' }),
    },
    first('daily', { _customer_number: number }),
    {
      title: 'daily: the same number again today',
      ...{ source: 'GMS 8.5.11x', status: 503 },
      answer: {
        exception: `${PACKAGE}.CallbackExceptionServiceUnavailable`,
        message:
          /^Callback for _customer_number=\S+ rejected because previous callbacks for this parameter were requested for more than 1 times today\.$/,
      },
      send: start('daily', { _customer_number: number }),
    },
    {
      title: 'a full queue',
      ...{ source: 'GMS 8.5.11x', status: 503 },
      answer: {
        exception: `${PACKAGE}.CallbackExceptionServiceUnavailable`,
        message: 'Limit of queued callbacks for full is reached.',
      },
      send: start('full', { _customer_number: number }),
    },
    first('booked', { _customer_number: number, _desired_time: time }),
    {
      title: 'booked: a time that is full, with times that are free',
      ...{ source: 'mobile client', status: 400 },
      answer: { exception: `${PACKAGE}.CallbackExceptionAvailability`, availability: {} },
      send: start('booked', { _customer_number: '+16504661104', _desired_time: time }),
    },
    {
      title: 'a service that is not there',
      ...{
        source: 'ours',
        status: 404,
        answer: { exception: `${PACKAGE}.CallbackExceptionNotFound` },
      },
      send: start('nobody', { _customer_number: number }),
    },
  ];
}
