import { type Browser, type Page } from 'playwright-core';
import {
  ADMIN_PASSWORD,
  DedicatedStack,
  type TenantView,
  type TestDatabase,
  createTestDatabase,
  eventually,
} from '@atlas/testing';
import { Person, heading } from '../people.fixture';
import { type WatchedPage, chromiumPath, startBrowser } from '../watched-page.fixture';

jest.setTimeout(120_000);

const TITLE = 'Nobody can pay';
const NOTE = 'The card terminal answers again since';
/** Longer than the pages wait before they ask the plane again. */
const NEXT_ASK = '00:31';

/** What happens to the page of an incident, with an unsent note, when its tenant is interrupted. */
(chromiumPath ? describe : describe.skip)('an open page of the workspace', () => {
  let dedicated: DedicatedStack;
  const databases: TestDatabase[] = [];
  let browser: Browser;
  let count = 0;
  let tenant: TenantView;
  let ada: Person;
  let page: Page;

  beforeAll(async () => {
    [dedicated, browser] = await Promise.all([DedicatedStack.start('sqlite'), startBrowser()]);
    await addCell();
  });
  afterAll(async () => {
    await browser.close();
    await dedicated.stop();
    for (const database of databases) await database.drop();
  });

  beforeEach(async () => {
    const { stack } = dedicated;
    const { body } = await stack.provision(`interrupted-${(count += 1)}`);
    tenant = await stack.awaitActive(body.tenant.id);
    const link = await call<{ url: string }>('signup-link');
    ada = await Person.join(browser, link.url, { prepare: (opened) => opened.clock.install() });
    page = ada.page;
    await ada.reportsAnIncident(TITLE);
    await page.getByLabel('Note', { exact: true }).fill(NOTE);
  });
  afterEach(() => ada.leave());

  async function addCell(): Promise<string> {
    const { stack } = dedicated;
    const database = await createTestDatabase('sqlite');
    databases.push(database);
    const cell = await stack.registerCell();
    await stack.startTenantPlane(cell.install, database);
    await stack.awaitEnrolled(cell.id);
    return cell.id;
  }

  async function call<T>(path: string, body: object = {}): Promise<T> {
    const answer = await dedicated.stack.api<T>(`/api/tenants/${tenant.id}/${path}`, { body });
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  }

  /** Waits until the operation has ended. */
  async function operate(name: string, body?: object): Promise<void> {
    const { job } = await call<{ job: { id: string } }>(name, body);
    const hasSucceeded = async (): Promise<boolean> => {
      const path = `/api/provisioning-jobs/${job.id}`;
      return (await dedicated.stack.api<{ status: string }>(path)).body.status === 'succeeded';
    };
    await eventually(hasSucceeded, { timeoutMs: 60_000, what: `${name} has succeeded` });
  }

  const note = (): Promise<string> => page.getByLabel('Note', { exact: true }).inputValue();
  const soon = (): Promise<void> => page.clock.fastForward(NEXT_ASK);

  it('explains that its tenant is suspended, and returns to where it was after the resume', async () => {
    await operate('suspend');
    await soon();
    await heading(page, 'This workspace is suspended');
    await operate('resume');
    await soon();
    await heading(page, TITLE);
    expect(await note()).toBe(NOTE);
  });

  it('says whom to ask once its tenant is removed, and so does a new page', async () => {
    await operate('deprovision', { confirm_slug: tenant.slug });
    await soon();
    await heading(page, 'There is no workspace at this address');
    await page.getByText('from whoever runs Atlas for you').waitFor();
    const other = await ada.watched.tab();
    await other.page.goto(page.url());
    await other.page.getByText('It may have been removed').waitFor();
    await other.page.getByText('from whoever runs Atlas for you').waitFor();
  });

  it('shows a banner while the Control Plane is stopped, and keeps working', async () => {
    const { stack } = dedicated;
    const isReachable = async (): Promise<boolean> => {
      const { body } = await stack.tenant<Described>(tenant.slug, '/api/tenant-default');
      return body.control_plane.reachable;
    };
    const banner = page.getByText('The Control Plane cannot be reached', { exact: true });
    await stack.controlPlane.end();
    await eventually(async () => !(await isReachable()), {
      timeoutMs: 60_000,
      what: 'the plane has noticed',
    });
    await soon();
    await banner.waitFor();
    await page.getByRole('button', { name: 'Add the note' }).click();
    await page.getByRole('listitem').filter({ hasText: NOTE }).waitFor();
    await stack.startControlPlane();
    await eventually(isReachable, { timeoutMs: 60_000, what: 'the plane has contact again' });
    await soon();
    await banner.waitFor({ state: 'detached' });
    expect(ada.watched.faults).toEqual([]);
  });

  it('keeps what was typed when the session ends in another tab', async () => {
    const other = await ada.watched.tab();
    await other.page.goto(page.url());
    await other.page.getByRole('button', { name: 'Sign out' }).click();
    await heading(other.page, 'Sign in');
    const dialog = page.getByRole('dialog', { name: 'You are signed out' });
    await dialog.getByLabel(/^Password/).fill(ADMIN_PASSWORD);
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await note()).toBe(NOTE);
    await page.getByRole('button', { name: 'Add the note' }).click();
    await page.getByRole('listitem').filter({ hasText: NOTE }).waitFor();
    expect(faultsOf(ada.watched, other)).toEqual([]);
  });

  it.each([
    ['a plane of its own', () => ({ deployment_model: 'dedicated' })],
    ['another cell', async () => ({ deployment_model: 'shared', tenant_plane_id: await addCell() })],
  ])('leads to the new address after a move to %s, once the note is copied', async (_, target) => {
    await operate('move', await target());
    await soon();
    await heading(page, 'This workspace has moved to a new address');
    await page.getByText(NOTE).first().waitFor();
    const { endpoint_url: address } = await dedicated.stack.awaitActive(tenant.id);
    await page.getByRole('button', { name: 'Go now' }).click();
    // On one machine, only the port is new, because the host names the tenant. So users stay signed in.
    await page.waitForURL(`http://${tenant.slug}.localhost:${new URL(address ?? '').port}/**`);
    await heading(page, TITLE);
  });
});

interface Described {
  readonly control_plane: { readonly reachable: boolean };
}

function faultsOf(...watched: readonly WatchedPage[]): string[] {
  return watched.flatMap(({ faults }) => faults);
}
