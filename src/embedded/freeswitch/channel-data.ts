/**
 * What FreeSWITCH tells about a channel: the header fields of its events, of the answer to
 * `connect` and of uuid_dump. Only what clients are known to read is there, under its true name.
 */

import type { RtpStats } from '../rtp/session.js';
import type { EventFields } from './esl.js';

/** The SIP and SDP side of a channel. */
export interface ChannelFacts {
  readonly callId: string;
  readonly userAgent: string;
  readonly outboundSocket: string;
  readonly fromUri: string;
  readonly localSdp: string;
  /** The peer's last description, empty before there is one. */
  readonly remoteSdp: string;
  readonly localMedia: { readonly host: string; readonly port: number };
  readonly remoteMedia: { readonly host: string; readonly port: number } | undefined;
  readonly codecName: string;
  readonly dtmfPayloadType: number | undefined;
  /** The private headers (`X-...`) of its INVITE. */
  readonly privateHeaders: readonly (readonly [name: string, value: string])[];
}

/** The state of a channel at the moment. */
export interface ChannelState {
  readonly uuid: string;
  readonly hangupCause: string | undefined;
  readonly application: string;
  readonly applicationData: string;
  readonly rtp: RtpStats;
  readonly variables: ReadonlyMap<string, string>;
}

/** Call states are ACTIVE until the final event, which overrides it. */
export function describeChannel(facts: ChannelFacts, state: ChannelState): EventFields {
  const hasHungUp = state.hangupCause !== undefined;
  const fields: Record<string, string> = {
    'Channel-State': 'CS_EXECUTE',
    'Channel-Call-State': 'ACTIVE',
    'Channel-State-Number': hasHungUp ? '10' : '4',
    'Channel-Name': `sofia/drachtio_mrf/${facts.fromUri}`,
    'Unique-ID': state.uuid,
    'Channel-Unique-ID': state.uuid,
    'Call-Direction': 'inbound',
    'Presence-Call-Direction': 'inbound',
    'Channel-HIT-Dialplan': 'true',
    'Channel-Call-UUID': state.uuid,
    'Answer-State': hasHungUp ? 'hangup' : 'answered',
    ...(state.hangupCause === undefined ? {} : { 'Hangup-Cause': state.hangupCause }),
    ...codecFields('Read', facts.codecName),
    ...codecFields('Write', facts.codecName),
  };
  for (const [name, value] of Object.entries(knownVariables(facts, state))) {
    if (value !== '') fields[`variable_${name}`] = value;
  }
  for (const [name, value] of facts.privateHeaders) fields[`variable_sip_h_${name}`] = value;
  for (const [name, value] of state.variables) fields[`variable_${name}`] = value;
  return fields;
}

function codecFields(direction: 'Read' | 'Write', name: string): EventFields {
  return {
    [`Channel-${direction}-Codec-Name`]: name,
    [`Channel-${direction}-Codec-Rate`]: '8000',
    [`Channel-${direction}-Codec-Bit-Rate`]: '64000',
  };
}

function knownVariables(facts: ChannelFacts, state: ChannelState): Record<string, string> {
  const { localMedia, remoteMedia, dtmfPayloadType } = facts;
  return {
    direction: 'inbound',
    uuid: state.uuid,
    call_uuid: state.uuid,
    sip_call_id: facts.callId,
    sip_user_agent: facts.userAgent,
    sofia_profile_name: 'drachtio_mrf',
    endpoint_disposition: 'ANSWER',
    read_codec: facts.codecName,
    write_codec: facts.codecName,
    read_rate: '8000',
    write_rate: '8000',
    dtmf_type: 'rfc2833',
    rtp_2833_send_payload: dtmfPayloadType === undefined ? '' : String(dtmfPayloadType),
    current_application: state.application,
    current_application_data: state.applicationData,
    rtp_local_sdp_str: facts.localSdp,
    switch_r_sdp: facts.remoteSdp,
    local_media_ip: localMedia.host,
    local_media_port: String(localMedia.port),
    advertised_media_ip: localMedia.host,
    remote_media_ip: remoteMedia?.host ?? '',
    remote_media_port: remoteMedia ? String(remoteMedia.port) : '',
    rtp_audio_in_packet_count: String(state.rtp.packetsReceived),
    rtp_audio_in_skip_packet_count: String(state.rtp.packetsLost),
    rtp_audio_out_packet_count: String(state.rtp.packetsSent),
  };
}
