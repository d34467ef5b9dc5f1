import { type Browser, type Page } from 'playwright-core';
import { ADMIN_PASSWORD, OWNER_EMAIL } from '@atlas/testing';
import { picture } from './picture.fixture';
import { WatchedPage } from './watched-page.fixture';

interface Order {
  /** As the form calls it. */
  readonly model: string;
  readonly name: string;
  readonly email: string;
}

/** An Atlas operator in the console. */
export class Operator {
  private constructor(readonly watched: WatchedPage) {}

  static async signIn(browser: Browser, at: string): Promise<Operator> {
    const watched = await WatchedPage.open(browser);
    await watched.page.goto(`${at}/console`);
    await fillSignIn(watched.page, OWNER_EMAIL, ADMIN_PASSWORD);
    await heading(watched.page, 'Overview');
    return new Operator(watched);
  }

  get page(): Page {
    return this.watched.page;
  }

  /** Fills in the form, reads the preview and confirms. */
  async orders({ model, name, email }: Order): Promise<void> {
    const { page } = this;
    await page.getByRole('navigation').getByRole('link', { name: 'Tenants' }).click();
    await page.getByRole('link', { name: 'Provision a tenant' }).click();
    await page.getByRole('radio', { name: model, exact: true }).check();
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('First admin’s email').fill(email);
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('This is what happens:').waitFor();
    await page.getByRole('row', { name: `First admin ${email}` }).waitFor();
    await page.getByRole('button', { name: `Provision ${name}` }).click();
  }

  /** Downloads the file that a customer's plane starts with, and returns its path. */
  async savesTheBundle(): Promise<string> {
    const { page } = this;
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).click();
    const path = await (await download).path();
    await page.getByRole('button', { name: 'I have saved the bundle' }).click();
    return path;
  }

  /** Waits until the tenant that was ordered is active, and returns the link for its first admin. */
  async signUpLink(name: string): Promise<string> {
    const { page } = this;
    await page.getByText(`${name} is active.`).waitFor();
    await picture(page, 'console-provision');
    await page.getByRole('button', { name: /^Invite / }).click();
    await page.getByRole('button', { name: 'Create the link' }).click();
    const link = await page.getByRole('dialog').locator('pre').innerText();
    await page.keyboard.press('Escape');
    return link;
  }
}

interface Joining {
  /** The title of the page where the user arrives. */
  readonly first?: string;
  /** Called before anything is loaded. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** A tenant's user in the workspace. */
export class Person {
  private constructor(readonly watched: WatchedPage) {}

  /** Opens a link of an invitation and chooses a password. */
  static async join(
    browser: Browser,
    link: string,
    { first = 'Get started', prepare }: Joining = {},
  ): Promise<Person> {
    const watched = await WatchedPage.open(browser);
    const { page } = watched;
    await prepare?.(page);
    await choosePassword(page, link);
    await heading(page, first);
    return new Person(watched);
  }

  get page(): Page {
    return this.watched.page;
  }

  leave(): Promise<void> {
    return this.page.context().close();
  }

  async reportsAnIncident(title: string): Promise<void> {
    const { page } = this;
    await page.getByRole('navigation').getByRole('link', { name: 'Incidents' }).click();
    await page.getByRole('link', { name: 'Report an incident' }).click();
    await page.getByLabel('Title').fill(title);
    await page.getByRole('radio', { name: 'P1' }).check();
    await page.getByRole('button', { name: 'Report' }).click();
    await heading(page, title);
  }

  /** Reports an incident and resolves it, as somebody does who works alone. */
  async resolvesAnIncident(title: string): Promise<void> {
    const { page } = this;
    await this.reportsAnIncident(title);
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByRole('button', { name: 'Investigate' }).click();
    await page.getByRole('button', { name: 'Resolve' }).click();
    await page.getByLabel('Resolution notes').fill('Restarted it.');
    await page.getByRole('dialog').getByRole('button', { name: 'Resolve' }).click();
    await page.getByRole('heading', { name: 'Resolution' }).waitFor();
  }
}

/** Opens a link of an invitation, and goes on to the workspace. */
export async function choosePassword(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel('New password').fill(ADMIN_PASSWORD);
  await page.getByRole('button', { name: 'Set password and sign in' }).click();
}

export async function fillSignIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel(/^Password/).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

export async function heading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name }).waitFor();
}
