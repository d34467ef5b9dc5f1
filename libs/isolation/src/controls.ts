import { KEY_OF_OTHER } from './attempts';
import { type Party } from './party';
import { type ProbeRequest, atHome, requestOf } from './requests';
import { type Route, type RouteLine } from './route-line';

/** What a tenant itself asks of a route: it shows that the attempts would have found something. */
export interface Control {
  readonly route: Route;
  readonly line: RouteLine;
  readonly request: ProbeRequest;
}

/** Undefined where the tenant lacks what the route takes. */
export function controlOf(route: Route, line: RouteLine, party: Party): Control | undefined {
  const headers = line.isRepeatable ? { 'idempotency-key': KEY_OF_OTHER } : undefined;
  const request = requestOf(route, line, { own: party, about: party }, { ...atHome(party), headers });
  return request && { route, line, request };
}

export function isAsMeant({ line: { answers } }: Control, status: number): boolean {
  return answers ? answers.includes(status) : status >= 200 && status < 300;
}

/** Whether a route changes nothing. */
export function isReading({ verb }: RouteLine): boolean {
  return verb !== 'write';
}
