import { lookup } from 'node:dns/promises';
import { type TLSSocket, connect } from 'node:tls';
import { type EgressClass, type EgressClassName } from '@atlas/deployment-profiles';
import { currentContext } from '@atlas/platform';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Deployment } from '../plane-identity/deployment';
import { LinkCut } from '../plane-identity/link-cut';
import { type CallLog, EgressLedger } from './egress-ledger';
import { NetworkFailure, egressRefused } from './egress.errors';
import { bodyFields, queryFields } from './fields';
import { whenSending } from './when-sending';
import { WithheldBody } from './withheld-body';

/** A call that is about to leave the plane. */
export interface Departure {
  readonly class: EgressClassName;
  /** An origin, or a host and port. No path and no query, because these may contain credentials. */
  readonly destination: string;
  readonly fields: readonly string[];
  /** The size of the body and the query, without headers. */
  readonly bytes: number;
  /** By default, the tenant of the current context. */
  readonly tenantId?: string;
}

export interface WebCall {
  readonly class: EgressClassName;
  readonly tenantId?: string;
  readonly method: string;
  readonly url: URL;
  /** The variable parts of the path, such as `slug`. */
  readonly pathFields?: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  /** Called right before the body is sent. Throws if the body must no longer be sent. */
  readonly requireMeant?: () => Promise<void>;
}

/** A call that may leave. It is recorded once it is connected, right before anything is sent. */
export interface Admission {
  /** Whether the call must not leave unless it is stored in the ledger first. */
  readonly mustBeStored: boolean;
  /** Throws if the call must be stored and cannot be. */
  record(): Promise<void>;
  /**
   * Records a call that need not be stored first, by default to the destination that it was admitted to. A
   * server may redirect it to another one.
   */
  note(destination?: string): void;
}

type Place = Pick<Deployment, 'profile' | 'isOffline'>;
type Cut = Pick<LinkCut, 'requireLink' | 'signal'>;

/** One-off commands make their calls even while the running plane rehearses an outage. */
const NEVER_CUT: Cut = { requireLink: () => undefined, signal: new AbortController().signal };

const MOST_NAMED = 20;

/**
 * The only door out of the plane. It knows which classes of calls the deployment model declares, and which
 * fields each of them may contain. It refuses everything else before anything is sent, and records every call
 * in the ledger.
 *
 * A call is recorded when it leaves, whether or not anyone answers. A call that finds no connection has not
 * left. What needs an admin's consent is recorded before it leaves, and does not leave if it cannot be
 * recorded.
 */
@Injectable()
export class Egress {
  private readonly logger = new Logger(Egress.name);

  constructor(
    @Inject(Deployment) private readonly place: Place,
    @Inject(EgressLedger) private readonly log: CallLog,
    @Inject(LinkCut) private readonly cut: Cut = NEVER_CUT,
  ) {}

  /** Aborted when the link to the Control Plane is cut for a rehearsal. */
  get linkSignal(): AbortSignal {
    return this.cut.signal;
  }

  /** Call it right before anything is sent. Throws `egress_refused`. */
  async admit(departure: Departure): Promise<void> {
    await (await this.require(departure)).record();
  }

  /**
   * Records nothing yet, unless it refuses the call. Throws `egress_refused`, and {@link NetworkFailure} if
   * the call would use a link that is cut for a rehearsal.
   */
  async require(departure: Departure): Promise<Admission> {
    const declared = await this.declared(departure);
    if (declared.destination === 'control_plane') this.requireLink();
    const call = this.noted(departure, declared, false);
    return {
      mustBeStored: declared.needsConsent,
      record: async () => (declared.needsConsent ? this.log.write(call) : this.log.note(call)),
      note: (destination = call.destination) => this.log.note({ ...call, destination }),
    };
  }

  /** Throws `egress_refused`, {@link NetworkFailure}, or what `requireMeant` throws. Follows no redirects. */
  async fetch(call: WebCall): Promise<Response> {
    const admission = await this.require(departureOf(call));
    const { url, method, headers, body, signal, requireMeant } = call;
    const request = { method, signal, redirect: 'error' } as const;
    if (requireMeant || admission.mustBeStored) {
      const mayLeave = async (): Promise<void> => {
        await requireMeant?.();
        await admission.record();
        // Consent may be withdrawn while the ledger is written, which then lists a call too many.
        if (admission.mustBeStored) await requireMeant?.();
      };
      return sendWithheld(call, request, new WithheldBody(body, mayLeave));
    }
    const whole = { ...request, headers, ...(body !== '' && { body }) };
    return whenSending(
      () => admission.note(),
      () => fetch(url, whole),
    ).catch(networkFailed);
  }

  /** Begins a TLS handshake with the Control Plane, and sends nothing else. Throws `egress_refused`. */
  async connectTls(to: {
    host: string;
    port: number;
    servername: string;
    timeout: number;
  }): Promise<TLSSocket> {
    const admission = await this.require({ ...CHECK, destination: `${to.host}:${to.port}` });
    return connect(to).once('connect', () => admission.note());
  }

  /** Asks this machine's resolver for the addresses of the Control Plane's name. Throws `egress_refused`. */
  async addressesOf(host: string): Promise<readonly string[]> {
    await this.admit({ ...CHECK, destination: host });
    return (await lookup(host, { all: true })).map(({ address }) => address);
  }

  private requireLink(): void {
    try {
      this.cut.requireLink();
    } catch (error) {
      networkFailed(error);
    }
  }

  private async declared(departure: Departure): Promise<EgressClass> {
    const { profile, isOffline } = this.place;
    const declared = profile.egress.find(({ name }) => name === departure.class);
    if (!declared) return this.refuse(departure, `nothing of this kind may leave a ${profile.title} plane`);
    if (isOffline && declared.destination === 'control_plane')
      return this.refuse(departure, 'this plane runs offline (ATLAS_OFFLINE_MODE)');
    const planted = departure.fields.filter((field) => !declared.fields.includes(field));
    if (planted.length === 0) return declared;
    const named = planted.slice(0, MOST_NAMED).join(', ');
    return this.refuse(departure, `it contains fields that may not leave: ${named}`, declared);
  }

  private async refuse(departure: Departure, why: string, declared?: EgressClass): Promise<never> {
    this.logger.error(`Refused a call of the class ${departure.class} to ${departure.destination}: ${why}`);
    await this.log.write(this.noted(departure, declared, true)).catch((error: unknown) => {
      this.logger.error(`Could not record a refused call: ${(error as Error).message}`);
    });
    throw egressRefused(departure.class, why);
  }

  private noted(
    { tenantId: given, ...call }: Departure,
    declared: EgressClass | undefined,
    refused: boolean,
  ) {
    const isPlanes = declared?.concerns === 'plane';
    const tenantId = isPlanes ? null : (given ?? currentContext()?.tenantId ?? null);
    return { ...call, tenantId, refused };
  }
}

const CHECK = { class: 'integration_check', fields: ['host'], bytes: 0 } as const;

function departureOf({ url, body, headers, pathFields = [], ...call }: WebCall): Departure {
  const type = headers['content-type'] ?? '';
  return {
    class: call.class,
    ...(call.tenantId !== undefined && { tenantId: call.tenantId }),
    destination: url.origin,
    fields: [...pathFields.map((name) => `/${name}`), ...queryFields(url), ...bodyFields(body, type)],
    bytes: Buffer.byteLength(body) + Math.max(0, url.search.length - 1),
  };
}

async function sendWithheld(
  { url, headers }: WebCall,
  request: RequestInit,
  body: WithheldBody,
): Promise<Response> {
  const sized = { ...headers, 'content-length': String(body.length) };
  return fetch(url, { ...request, headers: sized, body, duplex: 'half' }).catch((error: unknown) => {
    if (body.refusal !== undefined) throw body.refusal;
    return networkFailed(error);
  });
}

function networkFailed(error: unknown): never {
  throw new NetworkFailure((error as Error).message, { cause: error });
}
