import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ADMIN_PASSWORD, type SessionView } from '@atlas/testing';
import { uuidv7 } from '@atlas/tenancy';
import { type Browser, type Page } from 'playwright-core';
import { type BothPlanes, startBothPlanes } from '../both-planes.fixture';
import { Operator, Person, fillSignIn } from '../people.fixture';
import { WatchedPage, chromiumPath, startBrowser } from '../watched-page.fixture';
import { settled } from './settled.fixture';
import { INCIDENT_CASES, type IncidentCase, REPORT_CASES } from './states/incident-states.fixture';
import { JOB_CASES, isOfTenant, jobAt } from './states/job-states.fixture';
import { PLANE_CASES } from './states/plane-states.fixture';
import { Rows } from './states/rows.fixture';
import { TENANT_CASES } from './states/tenant-states.fixture';

jest.setTimeout(900_000);

/** The folder for pictures of all states, for whoever wants to look at them. */
const SHOTS = process.env['ATLAS_SHOTS'];
const WIDE = { width: 1280, height: 800 };
/** Names of states and steps, times and calls as programs write them. */
const RAW = /\b[a-z]+_[a-z_]+\b|\dT\d\d:|\/api\/|\bawait-/;
const PATIENCE_MS = 10_000;
const NARROW = { width: 390, height: 844 };

interface Place {
  readonly to: string;
  /** What only this page has. */
  readonly id: string;
  readonly kind: string;
}

interface Shown {
  readonly name: string;
  /** What the page says. */
  readonly says: string | readonly string[];
  /** The button for what comes next. */
  readonly next?: string | RegExp | undefined;
  readonly link?: string | RegExp | undefined;
}

/**
 * Shows everything that has states in each of them. The lists of states are those of the API, so that a new
 * state does not compile until it has a case here.
 */
(chromiumPath ? describe : describe.skip)('every state', () => {
  let planes: BothPlanes;
  let browser: Browser;
  let console: WatchedPage;
  let rows: Rows;
  let tenantRows: Rows;
  let session: SessionView;
  beforeAll(async () => {
    [planes, browser] = await Promise.all([startBothPlanes('postgres'), startBrowser()]);
    const { controlPlane, controlPlaneDatabase } = planes.stack;
    rows = await Rows.open(controlPlaneDatabase);
    tenantRows = await Rows.open(planes.tenantPlaneDatabase);
    ({ session } = await planes.stack.tenantWithAdmin('first'));
    console = (await Operator.signIn(browser, controlPlane.url)).watched;
    await console.page.setViewportSize(WIDE);
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([rows.close(), tenantRows.close()]);
    await planes.stop();
  });

  it('of a job says what it does, and what comes next', async () => {
    const missing: string[] = [];
    for (const one of JOB_CASES) {
      const { operation, row } = one;
      const ofTenant = isOfTenant(operation);
      const subject = ofTenant
        ? { tenant_id: await addTenant(one.tenantStatus, { deployment_model: one.model }) }
        : { tenant_plane_id: operation === 'upgrade_wave' ? null : await addPlane() };
      const id = await addJob(subject, row);
      missing.push(...(await visit(console, { to: `/console/jobs/${id}`, id, kind: 'job' }, one)));
      // The fleet has one live job at most.
      await rows.change('provisioning_jobs', id, { status: 'succeeded' });
    }
    expect([...missing, ...console.faults]).toEqual([]);
  });

  it('of a plane says how it is, and what comes next', async () => {
    const fleet = { to: '/console/fleet', id: 'Fleet', kind: 'plane' };
    const missing = await visit(console, fleet, { name: 'list', says: 'Changes applied' });
    // The page knows the fleet as it was before this plane.
    const id = await addJob({ tenant_plane_id: await addPlane() }, jobAt('upgrade', 'succeeded'));
    const job = { to: `/console/jobs/${id}`, id, kind: 'job' };
    missing.push(...(await visit(console, job, { name: 'of a new plane', says: [], link: /^cell-/ })));
    for (const one of PLANE_CASES) {
      const id = await addPlane({ ...one.plane, ...(one.model && { deployment_model: one.model }) });
      if (one.job) await addJob({ tenant_plane_id: id }, one.job);
      missing.push(...(await visit(console, { to: `/console/fleet/${id}`, id, kind: 'plane' }, one)));
    }
    expect([...missing, ...console.faults]).toEqual([]);
  });

  it('of a tenant says how it is, and what comes next', async () => {
    const missing: string[] = [];
    for (const one of TENANT_CASES) {
      const { model = 'shared', status, plane = {} } = one;
      const id = await addTenant(status, { deployment_model: model, ...one.tenant });
      if (plane)
        await rows.copy(
          'placements',
          {
            tenant_id: id,
            tenant_plane_id: await addPlane({ deployment_model: model, ...plane }),
            ...one.place,
          },
          'tenant_id',
        );
      if (one.job) await addJob({ tenant_id: id }, one.job);
      missing.push(...(await visit(console, { to: `/console/tenants/${id}`, id, kind: 'tenant' }, one)));
    }
    const list = { name: 'list', says: ['restoring', 'erasing', 'erasing stopped'] };
    missing.push(...(await visit(console, { to: '/console/tenants', id: 'Tenants', kind: 'tenant' }, list)));
    expect([...missing, ...console.faults]).toEqual([]);
  });

  it('of an incident says what is missing, and what comes next', async () => {
    const workspace = await WatchedPage.open(browser, { viewport: WIDE });
    await workspace.page.goto(`http://first.localhost:${planes.stack.tenantPlanePort}/`);
    await fillSignIn(workspace.page, session.user.email, ADMIN_PASSWORD);
    await workspace.page.getByRole('navigation').waitFor();
    const missing: string[] = [];
    const added = await Promise.all(
      INCIDENT_CASES.map(async (one) => ({ one, ...(await addIncident(one)) })),
    );
    for (const { one, ...place } of added)
      missing.push(...(await visit(workspace, { ...place, kind: 'incident' }, one)));
    expect([...missing, ...workspace.faults]).toEqual([]);
  });

  it('of a report says what became of it', async () => {
    const email = 'requester@first.example.com';
    const invitation = { body: { email, role: 'requester' }, session: session.token };
    const { body } = await planes.stack.tenant<{ url: string }>('first', '/api/auth/invite', invitation);
    const { watched } = await Person.join(browser, body.url, { first: 'My reports' });
    await watched.page.setViewportSize(WIDE);
    const requester = await idOf(email);
    const missing: string[] = [];
    for (const one of REPORT_CASES) {
      const place = { ...(await addIncident(one, { created_by: requester })), kind: 'report' };
      missing.push(...(await visit(watched, place, one)));
    }
    expect([...missing, ...watched.faults]).toEqual([]);
  });

  async function addTenant(status: string, change: object): Promise<string> {
    const id = uuidv7();
    const slug = `tenant-${id.slice(-12)}`;
    await rows.copy('tenants', {
      id,
      slug,
      name: 'Acme Bank',
      status,
      url: `https://${slug}.example`,
      ...change,
    });
    return id;
  }

  async function addPlane(change: object = {}): Promise<string> {
    const id = uuidv7();
    const now = new Date();
    await rows.copy('tenant_planes', { id, name: `cell-${id.slice(-12)}`, last_report_at: now, ...change });
    return id;
  }

  async function addJob(subject: object, row: object): Promise<string> {
    const id = uuidv7();
    await rows.copy('provisioning_jobs', { tenant_id: null, tenant_plane_id: null, ...row, ...subject, id });
    return id;
  }

  /** Goes the way to that state through the API, then moves its times. */
  async function addIncident(
    { way, change, title, isAssigned = false }: IncidentCase,
    more: object = {},
  ): Promise<{ readonly to: string; readonly id: string }> {
    const { id, number } = await ask<{ id: string; number: string }>('/api/incidents', {
      title,
      severity: 'P2',
    });
    for (const step of way) await ask(`/api/incidents/${id}`, step, 'PATCH');
    await tenantRows.change('incidents', id, {
      ...change(),
      ...more,
      ...(isAssigned && { assignee_id: session.user.id }),
    });
    return { to: `/incidents/${id}`, id: number };
  }

  async function ask<T>(path: string, body: object, method = 'POST'): Promise<T> {
    const answer = await planes.stack.tenant<T>('first', path, { method, body, session: session.token });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async function idOf(email: string): Promise<string> {
    const { body } = await planes.stack.tenant<{ items: { id: string; email: string }[] }>(
      'first',
      '/api/users',
      { session: session.token },
    );
    return body.items.find((one) => one.email === email)?.id ?? '';
  }
});

/** Goes there within the app, and returns what the page does not say, and what it should not say. */
async function visit(
  { page }: WatchedPage,
  { to, id, kind }: Place,
  { name, says, next, link }: Shown,
): Promise<string[]> {
  await page.evaluate((path) => history.pushState({}, '', path), to);
  const main = page.getByRole('main');
  await main.getByText(id).first().waitFor();
  const expected = [
    ...[says].flat().map((text) => main.getByText(text)),
    ...(next === undefined ? [] : [main.getByRole('button', { name: next, exact: true })]),
    ...(link === undefined ? [] : [main.getByRole('link', { name: link })]),
  ];
  const missing: string[] = [];
  for (const one of expected)
    await one
      .first()
      .waitFor({ timeout: PATIENCE_MS })
      .catch(() => missing.push(`${kind} ${name}: ${String(one)}`));
  if (SHOTS) await shoot(page, join(SHOTS, kind), name);
  const raw = (await main.innerText())
    .split('\n')
    .filter((line) => !line.startsWith('Code: ') && RAW.test(line));
  return [...missing, ...raw.map((line) => `${kind} ${name}, for programs: ${line}`)];
}

async function shoot(page: Page, folder: string, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await page.locator('[aria-label=Loading]').first().waitFor({ state: 'detached' });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await settled(page);
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(NARROW);
  await settled(page);
  await page.screenshot({ path: join(folder, `${name}-narrow.png`), fullPage: true });
  await page.setViewportSize(WIDE);
}
