import { Agent, request as httpRequest } from 'node:http';
import { FIXTURES, type Fixture } from '@atlas/isolation';
import { type SeededRandom } from '../seeded-random';
import { type TenantWithCanary } from './tenants';

/**
 * The number of requests in flight at the same time, which is far more than the plane's database connections.
 */
const AT_ONCE = 50;
/** One client in this many hangs up before the response arrives. */
const HANGS_UP = 10;
const PATIENCE_MS = 60_000;
const CANARY = /canary-[0-9a-f]{16}/g;

export interface Seen {
  answers: number;
  /** Responses that contain the caller's own canary. */
  own: number;
  /** Responses that contain another tenant's canary, or that grant access to another tenant. */
  foreign: number;
  /** 5xx responses, responses without the expected canary, and failed requests. */
  failed: number;
  hungUp: number;
}

interface Work {
  readonly method: string;
  readonly target: string;
  readonly body?: object;
  /** Whether the response must contain the tenant's own canary. */
  readonly tellsOwn?: boolean;
  /** The other tenant that the request tries to reach, if any. */
  readonly about?: TenantWithCanary;
}

/** Sends requests from many tenants concurrently over shared connections. Some clients hang up midway. */
export class InterleavedWork {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  readonly seen: Seen = { answers: 0, own: 0, foreign: 0, failed: 0, hungUp: 0 };

  constructor(
    private readonly planeUrl: string,
    private readonly tenants: readonly TenantWithCanary[],
    private readonly random: SeededRandom,
    private readonly progress: (text: string) => void,
  ) {}

  async run(count: number): Promise<Seen> {
    let left = count;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        if (left % 2000 === 0) this.progress(`${left} to go, ${JSON.stringify(this.seen)}`);
        await this.one();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    // The last request on each connection is a write that fails.
    const last = this.tenants.flatMap((tenant) => [tenant, tenant, tenant]);
    await Promise.all(last.map((tenant) => this.send(tenant, refusedHalfWay(tenant), undefined)));
    this.agent.destroy();
    return this.seen;
  }

  private async one(): Promise<void> {
    const tenant = this.random.one(this.tenants);
    const work = this.random.one(WORKS)(tenant, this.random.one(this.tenants), this.random);
    const hangsUpAfterMs = this.random.below(HANGS_UP) === 0 ? this.random.below(20) : undefined;
    const answer = await this.send(tenant, work, hangsUpAfterMs);
    if (answer === 'hung up') this.seen.hungUp += 1;
    else this.note(tenant, work, answer);
  }

  private note({ canary }: TenantWithCanary, work: Work, { status, text }: Answer): void {
    const words = new Set(text.match(CANARY) ?? []);
    this.seen.answers += 1;
    if (words.has(canary)) this.seen.own += 1;
    words.delete(canary);
    const isForeign = words.size > 0 || (work.about !== undefined && status < 300);
    const isFailure = status === 0 || status >= 500 || (work.tellsOwn && !text.includes(canary));
    if (isForeign) this.seen.foreign += 1;
    if (isFailure) this.seen.failed += 1;
    if (isForeign || isFailure)
      this.progress(`${canary} ${work.method} ${work.target}: ${status} ${text.slice(0, 200)}`);
  }

  private send(
    { party }: TenantWithCanary,
    { method, target, body, about }: Work,
    hangsUpAfterMs: number | undefined,
  ): Promise<Answer | 'hung up'> {
    const text = body && JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${party.session}`,
      host: (about ?? { party }).party.host,
      ...(text && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    const { hostname, port } = new URL(this.planeUrl);
    return new Promise((resolve) => {
      const options = {
        agent: this.agent,
        hostname,
        port,
        path: target,
        method,
        headers,
        timeout: PATIENCE_MS,
      };
      const request = httpRequest(options, (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: answer }));
        response.on('error', () => resolve('hung up'));
      });
      const hangUp =
        hangsUpAfterMs === undefined ? undefined : setTimeout(() => request.destroy(), hangsUpAfterMs);
      request.on('close', () => clearTimeout(hangUp));
      request.on('timeout', () => request.destroy(new Error('no response in time')));
      request.on('error', ({ message }) =>
        resolve(hangsUpAfterMs === undefined ? { status: 0, text: message } : 'hung up'),
      );
      request.end(text);
    });
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

type MakeWork = (own: TenantWithCanary, other: TenantWithCanary, random: SeededRandom) => Work;

const get =
  (target: string, tellsOwn: boolean): MakeWork =>
  () => ({ method: 'GET', target, tellsOwn });

/**
 * A write that fails midway, because the incident does not exist. It must not leave a transaction open on its
 * connection.
 */
function refusedHalfWay({ party }: TenantWithCanary): Work {
  return { method: 'PATCH', target: `/api/incidents/${party.subjects['user']}`, body: { title: 'x' } };
}

/**
 * Everyday requests whose responses show which tenant they belong to, and occasional requests for another
 * tenant's data.
 */
const WORKS: readonly MakeWork[] = [
  get('/api/incidents?status=open', false),
  get('/api/auth/me', true),
  get('/api/audit', false),
  get('/api/onboarding', false),
  ...FIXTURES.flatMap(worksOn),
  ({ canary, party }) => ({
    method: 'PATCH',
    target: `/api/incidents/${party.subjects['incident']}`,
    tellsOwn: true,
    body: { description: canary },
  }),
  refusedHalfWay,
];

function worksOn({ thing, path, body }: Fixture): MakeWork[] {
  return [
    get(path, true),
    ({ party }) => ({ method: 'GET', target: `${path}/${party.subjects[thing]}`, tellsOwn: true }),
    ({ canary }, _other, random) => ({
      method: 'POST',
      target: path,
      tellsOwn: true,
      body: body(`${canary} ${random.word()}`),
    }),
    (own, other) => ({
      method: 'GET',
      target: `${path}/${other.party.subjects[thing]}`,
      ...(other !== own && { about: other }),
    }),
  ];
}
