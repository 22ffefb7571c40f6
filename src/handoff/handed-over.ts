/** Whose call is handed over, and by which rules. */
import type { ServiceConfig } from '../config/config.js';
import type { MediaPlaces } from '../treatment/media-file.js';
import type { RouteDestinations } from './route-point.js';

/** The callback whose customer is handed over. */
export interface HandedOver {
  readonly id: string;
  readonly customerNumber: string;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly userData: Readonly<Record<string, string>>;
}

/** What the configuration says; pinned for an attempt. */
export interface HandoffSettings {
  readonly routePoints: RouteDestinations['routePoints'];
  readonly places: MediaPlaces;
  readonly service: ServiceConfig;
}
