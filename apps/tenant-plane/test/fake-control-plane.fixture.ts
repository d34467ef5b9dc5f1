import { randomUUID } from 'node:crypto';
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
} from 'node:http';
import { type AddressInfo } from 'node:net';
import { type DeploymentModel } from '@atlas/deployment-profiles';
import {
  CONTROL_PLANE_VERSION_HEADER,
  ChatCompletionRequest,
  type DesiredState,
  EnrolRequest,
  PLANE_PATHS,
  ReportRequest,
  type TenantRoute,
  epochOf,
} from '@atlas/plane-contract';
import { Clock, Secret } from '@atlas/platform';
import {
  type AnswerSigner,
  InMemoryNonceStore,
  SignatureRefused,
  SignatureVerifier,
  keyIdOf,
  mintCredential,
  sealNextSecret,
} from '@atlas/service-auth';
import { analysisSaying } from '@atlas/testing';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { WantedState } from './wanted-state.fixture';

/** The ways in which calls fail without being read. */
const REBUFFS = ['broken', 'elsewhere', 'hanging', 'redirecting'] as const;
/** How the Control Plane responds. Tests that use the real Control Plane can set only `proper`. */
export type Manner = 'proper' | 'unsigned' | 'forged' | 'changed' | (typeof REBUFFS)[number];

/** The error codes for refused enrolments, and their statuses. */
const REFUSALS = {
  token_already_used: 409,
  token_revoked: 410,
  token_expired: 410,
  version_unsupported: 422,
  deployment_model_mismatch: 422,
} as const;

interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly retryAfter?: string;
  /** The data of each server-sent event, sent instead of a body. */
  readonly events?: readonly string[];
}

/** A question to the AI behind the Control Plane. */
export interface Question {
  readonly tenantId: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: ChatCompletionRequest;
}

export interface Pull {
  readonly since: string | null;
  readonly wait: number;
  readonly at: number;
}

/** A clock ahead of or behind this machine's. */
export class ShiftedClock extends Clock {
  constructor(public aheadSeconds = 0) {
    super();
  }
  now(): Date {
    return new Date(Date.now() + this.aheadSeconds * 1000);
  }
}

/**
 * Speaks the real protocol until a test makes it misbehave. Knows one tenant plane, one token and one secret.
 */
export class FakeControlPlane {
  planeId = randomUUID();
  token = mintCredential('atp').value.reveal();
  readonly wanted = new WantedState();
  readonly clock = new ShiftedClock();
  secret = mintCredential('ats').value.reveal();
  /** If set, also accepted, and sent to callers that still sign with `secret`. */
  nextSecret: string | null = null;
  /** The `traceparent` of each accepted call, in order. */
  readonly traces: { readonly path: string; readonly traceparent: string | undefined }[] = [];
  /** The id of the key that signed each accepted call, in order. */
  readonly usedKeys: string[] = [];
  /** The deployment model for a plane whose environment does not set one. */
  model: DeploymentModel = 'shared';
  manner: Manner = 'proper';
  /** The paths to which `manner` applies. Calls to other paths get a proper response. */
  misbehavesAt: readonly string[] = Object.values(PLANE_PATHS);

  version = '0.1.0';
  /** False for a Control Plane of an older version, which ignores usage. */
  countsUsage = true;
  /** Whether it tells the plane that it is an outdated copy. */
  isCopied = false;
  /** If set, it refuses every enrolment with this code. */
  refuses: keyof typeof REFUSALS | null = null;

  readonly enrolments: EnrolRequest[] = [];
  /** The requests for dry runs of enrolments. */
  readonly rehearsals: EnrolRequest[] = [];
  readonly pulls: Pull[] = [];
  readonly reports: ReportRequest[] = [];
  readonly questions: Question[] = [];
  /** The response from its AI. */
  completion: Answer | (() => Promise<Answer>) = completionOf(analysisSaying('The disk is full.'));
  /** The routes to tenants on other planes, by slug. */
  readonly routes = new Map<string, TenantRoute>();
  /** The slugs that were looked up, in order. */
  readonly askedFor: string[] = [];
  /** The id of the key that signed the last look-up of each slug. */
  readonly askedWith = new Map<string, string>();
  /** The error codes of its refusals, in order. */
  readonly refusals: string[] = [];
  /** The times at which it misbehaved, as Unix timestamps in milliseconds. */
  readonly rebuffs: number[] = [];
  /** The number of hanging callers that have disconnected. */
  hangUps = 0;
  private readonly hanging = new Set<ServerResponse>();
  redirectTarget = '';
  private instanceId: string | undefined;
  private server: Server;
  private port = 0;
  private verifier: SignatureVerifier;

  static async start(): Promise<FakeControlPlane> {
    const fake = new FakeControlPlane();
    await fake.listen();
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The variables of its install bundle, for the tenant plane's environment. */
  get env(): Readonly<Record<string, string | undefined>> {
    return {
      ATLAS_OFFLINE_MODE: undefined,
      CONTROL_PLANE_BASE_URL: this.url,
      INTERNAL_SERVICE_SECRET: this.secret,
      ATLAS_PROVISIONING_TOKEN: this.token,
    };
  }

  private get accepted(): string[] {
    return this.nextSecret === null ? [this.secret] : [this.secret, this.nextSecret];
  }

  /** Listens at the same address as before. */
  async listen(): Promise<void> {
    this.server = createServer((request, response) => void this.handle(request, response));
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
    const secretsFor = (keyId: string) =>
      Promise.resolve({
        keyId,
        secrets: this.accepted.filter((one) => keyIdOf(one) === keyId).map((one) => new Secret(one)),
        caller: undefined,
      });
    const nonces = new InMemoryNonceStore(this.clock);
    const authority = `127.0.0.1:${this.port}`;
    this.verifier = new SignatureVerifier({ authority }, { secretsFor }, nonces, this.clock);
  }

  /** Closes its port and all connections. */
  async stop(): Promise<void> {
    this.wanted.wake();
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  /** Disconnects hanging callers, as their own timeout would. */
  cutHanging(): void {
    for (const response of this.hanging) response.destroy();
  }

  /** The tenant's state as last reported. */
  reported(tenantId: string): ReportRequest['tenants'][number] | undefined {
    return this.reports.flatMap((report) => report.tenants).findLast((one) => one.tenant_id === tenantId);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const rawBody = Buffer.concat(await request.toArray());
    const url = new URL(request.url ?? '', this.url);
    if (this.isRebuffed(url.pathname, response)) return;
    let sign: AnswerSigner | undefined;
    let answer: Answer;
    try {
      const { method = '', url: target = '', headers } = request;
      const call = await this.verifier.verify({ method, target, headers, rawBody });
      sign = call.signAnswer;
      this.usedKeys.push(call.keyId);
      this.traces.push({ path: url.pathname, traceparent: headers['traceparent'] as string | undefined });
      answer = await this.answer(url, rawBody.toString(), { headers, keyId: call.keyId });
    } catch (error) {
      if (!(error instanceof SignatureRefused)) throw error;
      sign = error.signAnswer;
      answer = problem(401, error.code, error.message);
    }
    if (answer.status >= 400) this.refusals.push((answer.body as { code: string }).code);
    // The test may have changed `manner` while the call was waiting.
    if (this.isRebuffed(url.pathname, response)) return;
    const manner = this.mannerAt(url.pathname);
    if (manner !== 'proper') this.rebuffs.push(Date.now());
    if (answer.status < 400) response.setHeader(CONTROL_PLANE_VERSION_HEADER, this.version);
    send(response, answer, sign, manner);
  }

  private mannerAt(path: string): Manner {
    return this.misbehavesAt.some((known) => path.startsWith(known)) ? this.manner : 'proper';
  }

  /** Fails the call without reading it if `manner` requires that. Returns whether it did so. */
  private isRebuffed(path: string, response: ServerResponse): boolean {
    const manner = this.mannerAt(path);
    if (!REBUFFS.some((rebuff) => rebuff === manner)) return false;
    this.rebuffs.push(Date.now());
    response.once('close', () => {
      this.hangUps += manner === 'hanging' ? 1 : 0;
      this.hanging.delete(response);
    });
    if (manner === 'hanging') this.hanging.add(response);
    if (manner === 'broken') send(response, { status: 503 });
    if (manner === 'elsewhere') send(response, { status: 404, body: { code: 'not_found' } });
    if (manner === 'redirecting') response.writeHead(307, { location: this.redirectTarget }).end();
    return true;
  }

  private async answer(
    url: URL,
    body: string,
    { headers, keyId }: { readonly headers: IncomingHttpHeaders; readonly keyId: string },
  ): Promise<Answer> {
    if (url.pathname === PLANE_PATHS.chatCompletions) return this.complete(url, body, headers);
    if (url.pathname === PLANE_PATHS.enrol)
      return this.enrol(read(EnrolRequest, body), url.searchParams.has('dry_run'));
    if (url.pathname === PLANE_PATHS.report) return this.takeReport(read(ReportRequest, body));
    if (url.pathname.startsWith(PLANE_PATHS.routes))
      return this.route(url.pathname.split('/').at(-1) ?? '', keyId);
    return this.desiredState(url.searchParams, keyId);
  }

  private async complete({ searchParams }: URL, text: string, headers: IncomingHttpHeaders): Promise<Answer> {
    const body = read(ChatCompletionRequest, text);
    if (!body) return problem(400, 'validation_failed');
    const tenantId = String(headers['x-tenant-id']);
    this.questions.push({ tenantId, query: Object.fromEntries(searchParams), body });
    return typeof this.completion === 'function' ? this.completion() : this.completion;
  }

  private route(slug: string, keyId: string): Answer {
    this.askedWith.set(slug, keyId);
    this.askedFor.push(slug);
    const body = this.routes.get(slug);
    return body ? { status: 200, body } : { status: 204 };
  }

  private enrol(asked: EnrolRequest | null, isRehearsal: boolean): Answer {
    if (!asked) return problem(400, 'validation_failed');
    (isRehearsal ? this.rehearsals : this.enrolments).push(asked);
    if (this.refuses) return problem(REFUSALS[this.refuses], this.refuses);
    if (asked.token !== this.token) return problem(410, 'token_revoked');
    if (!isRehearsal) this.instanceId ??= asked.instance_id;
    if (this.instanceId && this.instanceId !== asked.instance_id) return problem(409, 'token_already_used');
    const desired_state = this.wanted.since(null);
    const deployment_model = asked.deployment_model ?? this.model;
    const body = { tenant_plane_id: this.planeId, deployment_model, desired_state };
    return { status: 200, body };
  }

  private async desiredState(query: URLSearchParams, keyId: string): Promise<Answer> {
    const since = query.get('since');
    const wait = Number(query.get('wait') ?? 0);
    this.pulls.push({ since, wait, at: Date.now() });
    if (wait > 0 && !this.wanted.since(since)) await this.wanted.nextChange(wait * 1000);
    const body = this.wanted.since(since);
    return body ? { status: 200, body: await this.withNextSecret(body, keyId) } : { status: 204 };
  }

  private async withNextSecret(state: DesiredState, keyId: string): Promise<DesiredState> {
    if (this.nextSecret === null || keyId !== keyIdOf(this.secret)) return state;
    const next_secret = await sealNextSecret(this.nextSecret, this.secret);
    return { ...state, config: { ...state.config, next_secret } };
  }

  private takeReport(report: ReportRequest | null): Answer {
    if (!report) return problem(400, 'validation_failed');
    // The real Control Plane ignores entries from another epoch.
    const isOfThisEpoch = epochOf(report.revision) === epochOf(this.wanted.revision);
    if (isOfThisEpoch && !report.tenants.every((one) => this.wanted.knows(one.tenant_id)))
      return problem(403, 'tenant_not_on_plane');
    this.reports.push(report);
    const copied = this.isCopied && { copied: true };
    return { status: 200, body: { ...(this.countsUsage && { usage_counted: true }), ...copied } };
  }
}

/** Validates as strictly as the real Control Plane. */
function read<T extends object>(type: new () => T, body: string): T | null {
  const value = plainToInstance(type, JSON.parse(body));
  const faults = validateSync(value, { whitelist: true, forbidNonWhitelisted: true });
  return faults.length === 0 ? value : null;
}

/** A response in OpenAI's format. */
export function completionOf(content: unknown, model: unknown = 'stand-in-1'): Answer {
  return { status: 200, body: { object: 'chat.completion', model, choices: [{ message: { content } }] } };
}

/** A stream in OpenAI's format. A complete one ends with `[DONE]`. */
export function streamOf(texts: readonly string[], ...last: (string | object)[]): Answer {
  const chunks = texts.map((content) => ({ model: 'stand-in-1', choices: [{ delta: { content } }] }));
  const events = [...chunks, ...last].map((data) => (typeof data === 'string' ? data : JSON.stringify(data)));
  return { status: 200, events };
}

export function problem(status: number, code: string, detail = code): Answer {
  return { status, body: { code, detail } };
}

function send(
  response: ServerResponse,
  answer: Answer,
  sign?: AnswerSigner,
  manner: Manner = 'proper',
): void {
  if (answer.events) {
    response.writeHead(answer.status, { 'content-type': 'text/event-stream' });
    response.end(answer.events.map((data) => `data: ${data}\n\n`).join(''));
    return;
  }
  const body = answer.body ? JSON.stringify(answer.body) : '';
  const signed = manner === 'unsigned' ? undefined : sign?.({ status: answer.status, body });
  const headers: Record<string, string> = { 'content-type': 'application/json', ...signed };
  if (manner === 'forged' && signed) headers['signature'] = `sig1=:${Buffer.alloc(32).toString('base64')}:`;
  if (answer.retryAfter) headers['retry-after'] = answer.retryAfter;
  const sent = manner === 'changed' ? body.replace('"full":', '"full" :') : body;
  response.writeHead(answer.status, headers).end(sent);
}
