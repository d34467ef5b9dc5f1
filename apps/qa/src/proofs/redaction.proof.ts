import { spawnSync } from 'node:child_process';
import { type Route } from '@atlas/isolation';
import { type TestStack, builtFile, request } from '@atlas/testing';
import { measured, moreThan, none } from '../figures';
import { type Proof } from '../proof';
import { routesOf } from '../routes';
import { type SecretLife, secretLife } from '../secrets/secret-life';
import { findIn } from '../secrets/spellings';

/** Routes that return a secret by design. Each such read is audited. */
const TELLS_A_SECRET = ['/api/tenants/:id/db-url'];
/** Streams that may stay open. */
const STREAMS = ['/api/provisioning-jobs/:id/events', '/api/automation/jobs/:id/events'];

/**
 * Searches everything that both planes write and return for every secret that they have ever had.
 *
 * Each kind of secret is created, delivered, used, and sent where it does not belong. The search covers
 * whole secrets, either half of each secret, and base64, hex and URL encodings.
 *
 * To see it fail: in http-app.ts, log the request's headers.
 */
export const proof: Proof = {
  goal:
    '0 secrets in logs at level trace, responses of every route, errors, metrics, jobs, exports, ' +
    'install bundles of other planes and the output of the command line',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run(context) {
    const life = await context.once(secretLife);
    const { stack, plane, secrets } = life;
    const texts: Record<string, string> = {
      ...life.refusals,
      ...(await answersOfControlPlane(life)),
      ...(await answersOfTenantPlane(life)),
      ...commandLine(stack),
      "another plane's install bundle": JSON.stringify((await stack.registerCell()).install),
      'Control Plane log': stack.controlPlane.output(),
      'Tenant Plane log': plane.output(),
    };
    const found = findIn(texts, secrets);
    const answers = Object.entries(texts).filter(([where]) => where.startsWith('GET '));
    const given = answers.filter(([, text]) => text.startsWith('2'));
    for (const [where, text] of answers)
      if (!text.startsWith('2')) context.progress(`${where}: ${text.slice(0, 3)}`);
    const bytes = Object.values(texts).reduce((sum, text) => sum + text.length, 0);
    return [
      measured('secrets', Object.keys(secrets).length),
      none('secrets found', found),
      moreThan('searched', bytes / 1000, 100, 'kB'),
      measured('strings searched', Object.keys(texts).length),
      measured('GET requests that succeeded', `${given.length} of ${answers.length}`),
    ];
  },
};

/** The responses to every GET route, for every object that its path can name. */
async function answersOfControlPlane({
  stack,
  tenants,
  metricsToken,
}: SecretLife): Promise<Record<string, string>> {
  const ids = await namesOf(
    stack,
    tenants.map(({ id }) => id),
  );
  const headers = { authorization: `Bearer ${stack.apiKey}` };
  const answers = await answersOf(stack.controlPlane.url, routesOf(stack.controlPlane), ids, headers);
  const metrics = await textOf(`${stack.controlPlane.url}/metrics`, {
    authorization: `Bearer ${metricsToken}`,
  });
  return { ...answers, 'metrics of the Control Plane': metrics };
}

async function answersOfTenantPlane({
  plane,
  tenants,
  session,
  metricsToken,
}: SecretLife): Promise<Record<string, string>> {
  const headers = { authorization: `Bearer ${session.token}`, 'x-tenant-id': tenants[0]?.id ?? '' };
  const idsIn = async (path: string): Promise<string[]> =>
    (await request<{ items: { id: string }[] }>(plane.url + path, { headers })).body.items.map(
      ({ id }) => id,
    );
  const ids = (
    await Promise.all(['/api/incidents', '/api/runbooks', '/api/automation/jobs'].map(idsIn))
  ).flat();
  const answers = await answersOf(plane.url, routesOf(plane), () => ids, headers);
  const metrics = await textOf(`${plane.url}/metrics`, { authorization: `Bearer ${metricsToken}` });
  return { ...answers, 'metrics of the Tenant Plane': metrics };
}

/** Returns the ids to use in a path, depending on the part before the parameter. */
async function namesOf(stack: TestStack, tenantIds: string[]): Promise<(path: string) => string[]> {
  const idsIn = async (path: string): Promise<string[]> =>
    (await stack.api<{ items: { id: string }[] }>(path)).body.items.map(({ id }) => id);
  const [jobs, planes] = [await idsIn('/api/provisioning-jobs'), await idsIn('/api/tenant-planes')];
  return (path) => {
    if (path.startsWith('/api/provisioning-jobs')) return jobs;
    return path.startsWith('/api/tenant-planes') ? planes : tenantIds;
  };
}

async function answersOf(
  url: string,
  routes: readonly Route[],
  idsFor: (path: string) => readonly string[],
  headers: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const asked = routes.filter(
    ({ method, path }) => method === 'GET' && ![...TELLS_A_SECRET, ...STREAMS].includes(path),
  );
  const answers: Record<string, string> = {};
  for (const { path } of asked) {
    const named = path.includes(':') ? idsFor(path).map((id) => path.replaceAll(/:\w+/g, id)) : [path];
    for (const target of named)
      answers[`GET ${target}`] = await textOf(`${url}${target.replace('*', 'x')}`, headers);
  }
  return answers;
}

async function textOf(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const response = await fetch(url, { headers, redirect: 'manual' });
  return `${response.status} ${JSON.stringify([...response.headers])}\n${await response.text()}`;
}

/** The output of a command that succeeds, and of a command that fails. */
function commandLine({ controlPlane, apiKey }: TestStack): Record<string, string> {
  const atlas = (args: string[], url: string): string => {
    const env = { PATH: process.env['PATH'], ATLAS_URL: url, ATLAS_API_KEY: apiKey };
    const { stdout, stderr } = spawnSync(process.execPath, [builtFile('cli', 'main.js'), ...args], {
      env,
      encoding: 'utf8',
    });
    return stdout + stderr;
  };
  return {
    'atlas tenants': atlas(['tenants', '--json'], controlPlane.url),
    'atlas without a Control Plane': atlas(['tenants'], 'http://127.0.0.1:1'),
  };
}
