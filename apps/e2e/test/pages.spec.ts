import { type Browser } from 'playwright-core';
import { type BothPlanes, startBothPlanes } from './both-planes.fixture';
import { Operator, Person } from './people.fixture';
import { chromiumPath, startBrowser } from './watched-page.fixture';

jest.setTimeout(120_000);

const describeWithChromium = chromiumPath ? describe : describe.skip;

/** More stories are told by `npx nx run e2e:browser`. */
describeWithChromium('the pages in a browser (skipped unless chromium is on the PATH)', () => {
  let planes: BothPlanes;
  let browser: Browser;
  beforeAll(async () => {
    [planes, browser] = await Promise.all([startBothPlanes('sqlite'), startBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await planes.stop();
  });

  it('lead from a form in the console to a resolved incident of the new tenant', async () => {
    const operator = await Operator.signIn(browser, planes.stack.controlPlane.url);
    await operator.orders({ model: 'Shared SaaS', name: 'Acme', email: 'ada@acme.example' });
    const ada = await Person.join(browser, await operator.signUpLink('Acme'));
    await ada.resolvesAnIncident('Nobody can pay');
    expect([...operator.watched.faults, ...ada.watched.faults]).toEqual([]);
  });
});
