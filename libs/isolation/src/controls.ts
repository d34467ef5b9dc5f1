import { KEY_OF_OTHER } from './attempts';
import { type Party } from './party';
import { type ProbeRequest, atHome, requestOf } from './requests';
import { type Lines, type Route, type RouteLine, lineOf } from './route-line';

/** A tenant's request for its own data. Its success shows that a refused attempt had something to find. */
export interface Control {
  readonly route: Route;
  readonly line: RouteLine;
  readonly request: ProbeRequest;
}

/** Undefined if the tenant lacks something that the route requires. */
function controlOf(route: Route, line: RouteLine, party: Party): Control | undefined {
  const headers = line.isRepeatable ? { 'idempotency-key': KEY_OF_OTHER } : undefined;
  const request = requestOf(route, line, { own: party, about: party }, { ...atHome(party), headers });
  return request && { route, line, request };
}

/** The controls for all chosen routes. Routes that remove an object come late, and sign-outs come last. */
export function controlsOf(
  table: Lines<RouteLine>,
  routes: readonly Route[],
  party: Party,
  isChosen: (line: RouteLine) => boolean,
): Control[] {
  const controls = routes.flatMap((route) => {
    const line = lineOf(table, route);
    return line && isChosen(line) ? (controlOf(route, line, party) ?? []) : [];
  });
  return controls.sort((one, another) => lateness(one) - lateness(another));
}

function lateness({ line }: Control): number {
  return line.endsSession ? 2 : Number(line.removes ?? false);
}

/** Whether the route signs its caller out. After such a call, every request with the session is refused. */
export function endsSession({ line }: { readonly line: RouteLine }): boolean {
  return line.endsSession === true;
}

export function isAsMeant({ line: { answers } }: Control, status: number): boolean {
  return answers ? answers.includes(status) : status >= 200 && status < 300;
}

export function isReading({ verb }: RouteLine): boolean {
  return verb !== 'write';
}
