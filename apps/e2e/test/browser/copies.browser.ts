import { uuidv7 } from '@atlas/tenancy';
import { type Browser } from 'playwright-core';
import { type BothPlanes, startBothPlanes } from '../both-planes.fixture';
import { Operator, heading } from '../people.fixture';
import { type WatchedPage, chromiumPath, startBrowser } from '../watched-page.fixture';
import { HOUR, Rows, ago } from './states/rows.fixture';
import { untidy } from './tidy.fixture';

jest.setTimeout(200_000);

const RESTORE = '5f0d6f0a-8b0c-4c57-9d0a-1c2a3b4c5d6e';

interface Found {
  readonly incarnation: string | null;
  readonly replaced_copies: readonly { readonly incarnation: string | null }[];
}

/** What operators see of a plane that was restored, and how they decide which copy counts. */
(chromiumPath ? describe : describe.skip)('copies of a plane in the console', () => {
  let planes: BothPlanes;
  let rows: Rows;
  let browser: Browser;
  let console: WatchedPage;
  let id: string;

  beforeAll(async () => {
    [planes, browser] = await Promise.all([startBothPlanes('postgres'), startBrowser()]);
    rows = await Rows.open(planes.stack.controlPlaneDatabase);
    console = (await Operator.signIn(browser, planes.stack.controlPlane.url)).watched;
  });
  afterAll(async () => {
    await browser.close();
    await rows.close();
    await planes.stop();
  });
  beforeEach(async () => {
    console.faults.splice(0);
    id = uuidv7();
    await rows.copy('tenant_planes', {
      id,
      name: `restored-${id.slice(-6)}`,
      incarnation: RESTORE,
      replaced_incarnations: [{ incarnation: null, replaced_at: ago(2 * HOUR), reported_at: ago(1) }],
      forked_at: ago(1),
    });
  });

  const stored = async (): Promise<Found> => (await planes.stack.api<Found>(`/api/tenant-planes/${id}`)).body;

  it('stand out in the list and in the overview', async () => {
    const { page } = console;
    // The page knows the fleet as it was before this plane.
    await page.goto(`${planes.stack.controlPlane.url}/console`);
    await page.getByText('two copies').first().waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Fleet' }).click();
    await page
      .getByRole('row', { name: /^restored-.*two copies.*1 outdated copy/ })
      .first()
      .waitFor();
    expect([...(await untidy(page)), ...console.faults]).toEqual([]);
  });

  it('are explained, and the one that was outdated is kept once it is confirmed', async () => {
    const { page } = console;
    await page.goto(`${planes.stack.controlPlane.url}/console/fleet/${id}`);
    await page.getByText('An outdated copy of it still reports.').waitFor();
    const table = page.getByRole('table', { name: 'Copies of the plane' });
    await table.getByRole('row', { name: /^Restore 5f0d6f0a counts/ }).waitFor();
    await table.getByRole('row', { name: /^As it was installed outdated/ }).waitFor();
    const found = await untidy(page);
    await table.getByRole('button', { name: 'Keep this copy' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The other copy, “Restore 5f0d6f0a”, is outdated.').waitFor();
    await dialog.getByText('It is not stopped, and keeps serving its users.').waitFor();
    found.push(...(await untidy(page)));
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await stored()).toMatchObject({ incarnation: RESTORE });
    await table.getByRole('button', { name: 'Keep this copy' }).click();
    await dialog.getByRole('button', { name: 'Keep this copy' }).click();
    await table.getByRole('row', { name: /^As it was installed counts/ }).waitFor();
    await table.getByRole('row', { name: /^Restore 5f0d6f0a outdated/ }).waitFor();
    expect(await stored()).toMatchObject({ incarnation: null, replaced_copies: [{ incarnation: RESTORE }] });
    expect([...found, ...console.faults]).toEqual([]);
  });

  it('are read by support, who cannot decide', async () => {
    const watched = await console.tab();
    const { page } = watched;
    await page.route('**/api/auth/me', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), role: 'support' } });
    });
    await page.goto(`${planes.stack.controlPlane.url}/console/fleet/${id}`);
    await heading(page, 'restored-');
    await page.getByRole('row', { name: /^As it was installed outdated/ }).waitFor();
    expect(await page.getByRole('button', { name: 'Keep this copy' }).count()).toBe(0);
    expect(watched.faults).toEqual([]);
    await page.close();
  });
});
