import { randomBytes } from 'node:crypto';
import {
  ADMIN_PASSWORD,
  type InstallView,
  type PlaneProcess,
  type Provisioned,
  type SessionView,
  StandInAiProvider,
  type TenantView,
  type TestDatabase,
  TestSmtpServer,
  type TestStack,
  eventually,
  linkIn,
} from '@atlas/testing';
import { type ProofContext } from '../proof';
import { tellingRoutes } from '../routes';
import { type StolenRows, shownInvitation } from './stolen-rows';

const word = (): string => randomBytes(24).toString('base64url');

/** Both planes after every kind of secret has been created, delivered, used and misused. */
export interface SecretLife {
  readonly stack: TestStack;
  readonly plane: PlaneProcess;
  readonly databases: readonly TestDatabase[];
  /** All secrets, keyed by description. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Responses to requests that present a secret in the wrong place. */
  readonly refusals: Readonly<Record<string, string>>;
  readonly tenants: readonly TenantView[];
  readonly session: SessionView;
  readonly metricsToken: string;
  /** The plane's rows from the time before it could send email. */
  readonly stolen: StolenRows;
}

export async function secretLife(context: ProofContext): Promise<SecretLife> {
  const [sealingKey, platformSecret, metricsToken, aiKey] = [
    randomBytes(32).toString('base64'),
    word(),
    word(),
    word(),
  ];
  const [mailPassword, oidcSecret] = [word(), word()];
  const [ai, smtp] = [await StandInAiProvider.start(), await TestSmtpServer.start()];
  const common = { ...tellingRoutes(), LOG_LEVEL: 'trace', METRICS_TOKEN: metricsToken };
  const mail = { ...smtp.env, SMTP_URL: smtp.url.replace('//', `//atlas:${mailPassword}@`) };
  const stack = await context.stack({
    ...common,
    ...mail,
    INFRASTRUCTURE_DRIVER: 'manual',
    CONTROL_PLANE_SEALING_KEYS: `k1:${sealingKey}`,
    INTERNAL_SERVICE_SECRET: platformSecret,
    AI_PROVIDER_BASE_URL: ai.baseUrl,
    AI_PROVIDER_API_KEY: aiKey,
    AI_PROVIDER_MODEL: 'any',
    OPERATOR_OIDC_ISSUER: 'http://127.0.0.1:1',
    OPERATOR_OIDC_CLIENT_ID: 'atlas',
    OPERATOR_OIDC_CLIENT_SECRET: oidcSecret,
  });
  const planeDatabase = await context.database();
  const cell = await stack.registerCell();
  const quiet = await stack.startTenantPlane(cell.install, planeDatabase, common);
  await stack.awaitEnrolled(cell.id);
  const sent = await shownInvitation(stack);
  await stack.endTenantPlane(quiet);
  const stolen = { database: await context.copyOf(planeDatabase), sent };
  const plane = await stack.startTenantPlane(cell.install, planeDatabase, { ...common, ...mail });
  const { tenant, session } = await stack.tenantWithAdmin('kept-quiet');
  await useAi(stack, tenant, session);
  const rowKey = await addAiProvider(stack, ai.baseUrl);
  await useAi(stack, tenant, session);
  const dedicated = await dedicatedTenant(stack);
  const theirs = await installed(stack, 'kept-at-home');
  const unused = await linkOf(stack, 'kept-waiting');
  const operator = await signedIn(stack);
  const secrets = {
    'sealing key': sealingKey,
    'platform secret': platformSecret,
    'metrics token': metricsToken,
    'AI key': aiKey,
    'AI key of a row': rowKey,
    'mail password': mailPassword,
    'OpenID client secret': oidcSecret,
    'API key': stack.apiKey,
    "operator's session": operator.token,
    "operator's device token": operator.device_token,
    password: ADMIN_PASSWORD,
    session: session.token,
    'refresh token': session.refresh_token,
    'device token': session.device_token,
    // Without its header, which other signed tokens share.
    'sign-up token': unused.token.slice(unused.token.indexOf('.') + 1),
    'secret of webhooks': await webhookSecret(stack),
    "operator's link": await operatorLink(stack, operator.operator.id),
    'invitation shown once': sent.token,
    ...(await linksByMail(stack, smtp, tenant, session)),
    ...(await dataSourceKeys(stack, tenant, session)),
    ...(await runbookSecrets(stack, tenant, session)),
    ...secretsIn('cell', cell.install),
    ...secretsIn('hybrid', theirs.install),
    "a tenant's database password": dedicated.password,
    ...passwordsOf(stack.controlPlaneDatabase, planeDatabase),
  };
  const refusals = await misuse(stack, tenant, secrets);
  await Promise.all([ai.stop(), smtp.stop()]);
  return {
    stack,
    plane,
    databases: [stack.controlPlaneDatabase, planeDatabase],
    secrets,
    session,
    metricsToken,
    refusals,
    stolen,
    tenants: [tenant, dedicated.tenant, theirs.tenant, unused.tenant],
  };
}

/**
 * Requests one link of each kind that is sent by email, without using it. The mail server also refuses one
 * email, and repeats the email's link in its reply.
 */
async function linksByMail(
  stack: TestStack,
  smtp: TestSmtpServer,
  { slug }: TenantView,
  { token: session, user }: SessionView,
): Promise<Record<string, string>> {
  const mailed = async (to: string, subject: RegExp): Promise<string> => {
    for (;;) {
      const mail = await smtp.next();
      if (mail.to.includes(to) && subject.test(mail.subject)) return linkIn(mail).split('#token=')[1] ?? '';
    }
  };
  const invite = (email: string) =>
    stack.tenant(slug, '/api/auth/invite', { session, body: { email, role: 'operator' } });
  await stack.api('/api/signup', { body: { email: 'jo@kept-by-mail.example' } });
  const signup = await mailed('jo@kept-by-mail.example', /^Confirm/);
  await invite('invitee@example.com');
  const invitation = await mailed('invitee@example.com', /./);
  await stack.tenant(slug, '/api/auth/forgot-password', { body: { email: user.email } });
  const reset = await mailed(user.email, /password/i);
  smtp.refusal = `no: ${invitation}`;
  await invite('refused@example.com');
  await eventually(() => stack.tenantPlanes.some((plane) => plane.output().includes('451')), {
    what: 'the log reports a refused email',
  });
  return { 'sign-up link': signup, invitation, 'password reset link': reset };
}

/** Keys of a data source, created and rotated by requests whose responses are stored, and then used. */
async function dataSourceKeys(
  stack: TestStack,
  { slug }: TenantView,
  { token: session }: SessionView,
): Promise<Record<string, string>> {
  const ask = async (path: string, body: object): Promise<{ id: string; key: string }> => {
    const headers = { 'idempotency-key': 'once' };
    const answer = await stack.tenant<{ id: string; key: string }>(slug, path, { session, headers, body });
    if (answer.status >= 300) throw new Error(`${path} returned ${answer.status}`);
    return answer.body;
  };
  const first = await ask('/api/data-sources', { name: 'Monitoring', kind: 'generic' });
  const second = await ask(`/api/data-sources/${first.id}/rotate-key`, {});
  const alerts = [{ status: 'firing', labels: { alertname: 'DiskFull' } }];
  for (const body of [{ alerts }, { alerts: 'none' }])
    for (const { key } of [first, second]) await stack.tenant(slug, `/api/ingest/generic/${key}`, { body });
  return { 'data source key': first.key, 'rotated data source key': second.key };
}

/**
 * A credential in a header of a runbook, and the value of a secret parameter. One run has given the value to
 * an agent, which has sent it back as output. Another run still keeps it.
 */
async function runbookSecrets(
  stack: TestStack,
  { slug }: TenantView,
  { token: session }: SessionView,
): Promise<Record<string, string>> {
  const [credential, value] = [word(), word()];
  const ask = async <T = { id: string }>(
    path: string,
    body: object,
    as: object = { session },
  ): Promise<T> => {
    const answer = await stack.tenant<T>(slug, path, { ...as, body });
    if (answer.status >= 300) throw new Error(`${path} returned ${answer.status}`);
    return answer.body;
  };
  const policy = await stack.tenant(slug, '/api/automation/policy', {
    session,
    method: 'PUT',
    body: { level: 5 },
  });
  if (policy.status !== 200) throw new Error(`The policy could not be set: ${policy.status}`);
  const headers = { authorization: `Bearer ${credential}` };
  const config = { method: 'GET', url: 'https://kept-quiet.example', headers };
  const use = { name: 'use', kind: 'shell', risk: 'low', config: { command: 'use', args: ['{{token}}'] } };
  const runbook = await ask('/api/runbooks', {
    name: 'Use secrets',
    parameters: [{ name: 'token', secret: true }],
    steps: [use, { name: 'call', kind: 'http', risk: 'critical', config }],
  });
  const start = () => ask(`/api/runbooks/${runbook.id}/runs`, { parameters: { token: value } });
  await start();
  const { key } = await ask<{ key: string }>('/api/agents', { name: 'kept-quiet' });
  const lease = await ask<{ lease_id: string }>('/api/agent/claim', {}, { session: key });
  await ask(
    '/api/agent/results',
    { lease_id: lease.lease_id, output: `used ${value}`, exit_code: 1 },
    { session: key },
  );
  await start();
  return { 'credential of a runbook': credential, 'secret parameter': value, 'agent key': key };
}

async function operatorLink(stack: TestStack, id: string): Promise<string> {
  const { body } = await stack.api<{ token: string }>(`/api/operators/${id}/reset-link`, { method: 'POST' });
  return body.token;
}

/** The subscription is created with a key, so that its response is stored. */
async function webhookSecret(stack: TestStack): Promise<string> {
  const body = { url: 'https://hooks.invalid/', events: ['job.failed'] };
  const headers = { 'idempotency-key': 'once' };
  const answer = await stack.api<{ secret: string }>('/api/event-subscriptions', { body, headers });
  if (answer.status !== 201) throw new Error(`The subscription was not created: ${answer.status}`);
  return answer.body.secret.slice('whsec_'.length);
}

/**
 * Asks the AI a question. The plane signs the call with its secret, and the Control Plane forwards it with
 * the provider's key.
 */
async function useAi(stack: TestStack, { id }: TenantView, { token }: SessionView): Promise<void> {
  const body = { title: 'Disk full', severity: 'P2' };
  const incident = await stack.tenant<{ id: string }>(id, '/api/incidents', { session: token, body });
  const path = `/api/ai/incidents/${incident.body.id}/analysis`;
  const { status } = await stack.tenant(id, path, { session: token, method: 'POST' });
  if (status !== 200) throw new Error(`The AI could not be reached: ${status}`);
}

/** Adds a provider, which answers from now on, and replaces its key. Returns the key in use. */
async function addAiProvider(stack: TestStack, base_url: string): Promise<string> {
  const models = { core: ['any'], operations: ['any'], enterprise: ['any'] };
  const provider = { name: 'kept-quiet', kind: 'openai_compatible', base_url, models, key: word() };
  const { body } = await stack.api<{ id: string }>('/api/ai/providers', { body: provider });
  const key = word();
  const { status } = await stack.api(`/api/ai/providers/${body.id}`, { method: 'PATCH', body: { key } });
  if (status !== 200) throw new Error('The AI provider was not stored.');
  return key;
}

/**
 * A tenant with manually created infrastructure, for which an operator supplied a database URL with a
 * password.
 */
async function dedicatedTenant(stack: TestStack): Promise<{ tenant: TenantView; password: string }> {
  const { tenant } = (await stack.provision('kept-apart', { body: { deployment_model: 'dedicated' } })).body;
  const password = word();
  const made = {
    endpoint_url: 'https://kept-apart.example.com',
    db_url: `postgres://app:${password}@db.example.com/app`,
  };
  const path = `/api/tenants/${tenant.id}`;
  const { status } = await stack.api(`${path}/infrastructure`, { method: 'PUT', body: made });
  const { body } = await stack.api<{ db_url: string }>(`${path}/db-url`);
  if (status !== 200 || body.db_url !== made.db_url) throw new Error('The database URL was not stored.');
  return { tenant, password };
}

/**
 * Requests an install bundle, which is not used. The request has an Idempotency-Key, so that the response is
 * stored.
 */
async function installed(
  stack: TestStack,
  slug: string,
): Promise<{ tenant: TenantView; install: InstallView }> {
  const headers = { 'idempotency-key': `${slug}-once` };
  const { body } = await stack.provision(slug, { headers, body: { deployment_model: 'hybrid' } });
  const { tenant, install } = body as Provisioned & { install: InstallView };
  return { tenant, install };
}

async function linkOf(stack: TestStack, slug: string): Promise<{ tenant: TenantView; token: string }> {
  const { body } = await stack.provision(slug);
  const tenant = await stack.awaitActive(body.tenant.id);
  const link = await stack.api<{ token: string }>(`/api/tenants/${tenant.id}/signup-link`, {
    method: 'POST',
  });
  return { tenant, token: link.body.token };
}

async function signedIn(stack: TestStack) {
  const body = { email: 'owner@example.com', password: ADMIN_PASSWORD };
  const path = '/api/auth/login';
  return (await stack.api<{ token: string; device_token: string; operator: { id: string } }>(path, { body }))
    .body;
}

function secretsIn(whose: string, { token, env }: InstallView): Record<string, string> {
  return {
    [`provisioning token (${whose})`]: token,
    [`service secret (${whose})`]: env['INTERNAL_SERVICE_SECRET'] ?? '',
  };
}

/** Only Postgres URLs contain a password; a file path does not. */
function passwordsOf(...databases: readonly TestDatabase[]): Record<string, string> {
  const urls = databases.flatMap(({ driver, url, ownerUrl }) =>
    driver === 'postgres' ? [url, ownerUrl ?? url] : [],
  );
  const passwords = urls
    .map((url) => decodeURIComponent(new URL(url).password))
    .filter((one) => one.length > 7);
  return Object.fromEntries(
    [...new Set(passwords)].map((password, at) => [`database password ${at}`, password]),
  );
}

/** Secrets tend to leak in errors, so each one is sent where it does not belong. */
async function misuse(
  stack: TestStack,
  tenant: TenantView,
  secrets: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const [what, secret] of Object.entries(secrets)) {
    const headers = { authorization: `Bearer ${secret}x`, signature: secret, 'signature-input': secret };
    const asked = [
      stack.api('/api/tenants/provision', {
        body: { name: secret, token: secret, deployment_model: secret },
      }),
      stack.api('/api/auth/login', { body: { email: `${secret}@example.com`, password: `${secret}!` } }),
      stack.api('/api/tenant-planes/enroll', { body: { token: secret }, headers }),
      stack.api('/api/tenant-planes', { headers }),
      stack.tenant(tenant.slug, '/api/auth/signup-exchange', { body: { token: secret, password: secret } }),
      stack.tenant(tenant.slug, '/api/auth/refresh', { body: { refresh_token: `${secret}x` } }),
      stack.tenant(tenant.slug, '/api/incidents', { headers }),
      stack.tenant(tenant.slug, '/api/incidents', { session: secret, body: `{"title": "${secret}` }),
    ];
    answers[`refusals with ${what}`] = JSON.stringify(
      (await Promise.all(asked)).map(({ body, headers: given }) => [body, ...given]),
    );
  }
  return answers;
}
