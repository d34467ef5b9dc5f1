import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { type DesiredState, PLANE_PATHS, type ReportedState } from '@atlas/plane-contract';
import {
  type RequestToSign,
  type SignedHeaders,
  keyIdOf,
  signRequest,
  verifyResponse,
} from '@atlas/service-auth';
import { type FixedClock } from '@atlas/testing';
import supertest from 'supertest';

/** The key pair that every simulated plane uses. */
export const KEYS = generateKeyPairSync('x25519');

/** The address that tenant planes include in their signatures. Requests are actually sent to a free port. */
export const PUBLIC_URL = 'http://127.0.0.1:4100';

export interface Install {
  readonly token: string;
  readonly token_id: string;
  readonly expires_at: string;
  readonly env: Readonly<Record<string, string>>;
  readonly commands: Readonly<Record<string, string>>;
}

export interface ReportedTenant {
  readonly tenant_id: string;
  readonly state: ReportedState;
  readonly entry_revision: number;
  readonly error?: string;
}

export interface SignedCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  /** What the signature covers instead of the request itself. */
  readonly signed?: Partial<RequestToSign>;
  /** Headers sent in addition to, or instead of, the signed ones. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SignedAnswer {
  readonly status: number;
  readonly body: supertest.Response['body'];
  /** The body as received. */
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The signed headers, for sending the request again. */
  readonly request: SignedHeaders;
  /** Throws unless the response is signed for exactly this request with the caller's key. */
  verify(): { readonly created: number };
}

/** A tenant plane as the Control Plane sees it: it enrols, pulls and reports with real signed calls. */
export class PlaneSimulator {
  instanceId = randomUUID();
  linkId = randomUUID();
  sequence = 0;
  /** Set by a restore. */
  incarnation?: string;
  /** The last revision pulled. */
  revision?: string;
  /** The tenants that a real plane would serve. */
  readonly tenants = new Map<string, DesiredState['tenants'][number]>();

  constructor(
    private readonly url: string,
    private readonly clock: FixedClock,
    readonly id: string,
    readonly install: Install,
    public secret = install.env['INTERNAL_SERVICE_SECRET'] ?? '',
  ) {}

  /** Another installation with the same bundle, such as a cloned disk or a thief's copy. */
  copy(changes: { secret?: string; token?: string; url?: string } = {}): PlaneSimulator {
    const install = { ...this.install, ...(changes.token && { token: changes.token }) };
    return new PlaneSimulator(
      changes.url ?? this.url,
      this.clock,
      this.id,
      install,
      changes.secret ?? this.secret,
    );
  }

  enrolBody(changes: object = {}): object {
    return {
      token: this.install.token,
      instance_id: this.instanceId,
      version: '0.1.0',
      endpoint_url: 'https://cell.example.com',
      database: { driver: 'sqlite' },
      capabilities: [],
      public_key: KEYS.publicKey.export({ format: 'jwk' }),
      ...changes,
    };
  }

  async enrol(changes: object = {}, query = ''): Promise<SignedAnswer> {
    const path = `${PLANE_PATHS.enrol}${query}`;
    const answer = await this.call({ method: 'POST', path, body: this.enrolBody(changes) });
    if (answer.status === 200 && query === '') this.apply(bodyOf<EnrolAnswer>(answer).desired_state);
    return answer;
  }

  /** Requests the changes since the last pull. */
  async pull(wait = 0, since: string | undefined = this.revision): Promise<SignedAnswer> {
    const query = since === undefined ? '' : `?since=${since}&wait=${wait}`;
    const answer = await this.call({ method: 'GET', path: `${PLANE_PATHS.desiredState}${query}` });
    if (answer.status === 200) this.apply(bodyOf<DesiredState>(answer));
    return answer;
  }

  /** Pulls the full state, regardless of what was pulled before. */
  async pullAll(): Promise<DesiredState> {
    return bodyOf<DesiredState>(await this.call({ method: 'GET', path: PLANE_PATHS.desiredState }));
  }

  report(tenants: readonly ReportedTenant[] = [], changes: object = {}): Promise<SignedAnswer> {
    const body = {
      revision: this.revision ?? 'none.0',
      version: '0.1.0',
      sequence: (this.sequence += 1),
      link_id: this.linkId,
      incarnation: this.incarnation,
      tenants,
      usage: {},
      health: {},
      ...changes,
    };
    return this.call({ method: 'POST', path: PLANE_PATHS.report, body });
  }

  /** Pulls until it has the tenant, and reports all its tenants as applied. */
  async serve(tenantId: string): Promise<void> {
    while (!this.tenants.has(tenantId)) {
      const answer = await this.pull(10);
      if (answer.status !== 200)
        throw new Error(`Timed out waiting for tenant ${tenantId}: ${answer.status} ${answer.text}`);
    }
    const pulled = [...this.tenants.values()];
    await this.report(
      pulled.map(({ tenant_id, entry_revision }) => ({ tenant_id, entry_revision, state: 'applied' })),
    );
  }

  async call({ method, path, body, signed, headers = {} }: SignedCall): Promise<SignedAnswer> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const request = this.sign({ method, path, text, signed });
    return this.send({ method, path, text, request, headers });
  }

  sign(call: {
    method: string;
    path: string;
    text?: string;
    signed?: Partial<RequestToSign>;
  }): SignedHeaders {
    return signRequest({
      method: call.method,
      url: new URL(`${PUBLIC_URL}${call.path}`),
      body: call.text ?? '',
      keyId: keyIdOf(this.secret),
      secret: this.secret,
      now: this.clock.now(),
      ...call.signed,
    });
  }

  /** Sends a request that is already signed, possibly with changes or a second time. */
  async send(call: {
    method: 'GET' | 'POST' | 'PUT';
    path: string;
    text?: string;
    request: SignedHeaders;
    headers?: Readonly<Record<string, string>>;
  }): Promise<SignedAnswer> {
    const { method, path, text = '', request } = call;
    const agent = supertest(this.url);
    const prepared = { GET: agent.get(path), POST: agent.post(path), PUT: agent.put(path) }[method];
    const sent = prepared.set({ ...request, ...call.headers });
    const type = call.headers?.['content-type'] ?? 'application/json';
    const answer = await (text === '' ? sent : sent.set('content-type', type).send(text));
    const { status, headers } = answer;
    const received = { status, headers, body: answer.text ?? '' };
    const verify = () =>
      verifyResponse({ ...received, request, keyId: keyIdOf(this.secret), secret: this.secret });
    return { status, headers, body: answer.body, text: received.body, request, verify };
  }

  private apply(changes: DesiredState): void {
    if (changes.full) this.tenants.clear();
    for (const tenant of changes.tenants) this.tenants.set(tenant.tenant_id, tenant);
    for (const id of changes.removed) this.tenants.delete(id);
    this.revision = changes.revision;
  }
}

interface EnrolAnswer {
  readonly tenant_plane_id: string;
  readonly desired_state: DesiredState;
}

export function bodyOf<T>(answer: { readonly body: unknown }): T {
  return answer.body as T;
}

/** The status and error code of a response that should be a refusal. */
export function refusal(answer: { readonly status: number; readonly body: unknown }): unknown[] {
  return [answer.status, bodyOf<{ code?: string }>(answer).code];
}
