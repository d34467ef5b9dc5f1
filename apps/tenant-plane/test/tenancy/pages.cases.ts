import { createHash } from 'node:crypto';
import { HINT_GUIDES, PROFILES } from '@atlas/deployment-profiles';
import { type DesiredTenant } from '@atlas/plane-contract';
import { TestTenantPlane, hostOf } from '../tenant-plane.fixture';

const hashOf = (style: string): string => `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

/**
 * A page loads only files from its own host, cannot be framed and is not cached. A suspended or unknown
 * tenant has no pages for links in emails.
 *
 * To see it fail: in link-pages.ts, allow `'unsafe-inline'` in `POLICY`; or make the tenant plane's
 * `LinkPagesController` `@Public()`.
 */
describe('the pages of a tenant plane', () => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  beforeAll(async () => {
    plane = await TestTenantPlane.boot('sqlite');
    tenant = await plane.tenant('acme', { name: 'Acme <Corp> & "Sons"' });
  });
  afterAll(() => plane.close());

  const open = (path: string) =>
    plane.get(path, { host: hostOf('acme'), headers: { accept: 'text/html,*/*;q=0.8' } });
  const suspend = () => plane.apply({ tenants: [{ ...tenant, status: 'suspended', entry_revision: 2 }] });

  it.each(['/', '/incidents/of-a-path-that-only-the-script-knows'])(
    'show the workspace at %s, with a nonce that is new in every response',
    async (path) => {
      const [one, two] = [await open(path).expect(200), await open(path).expect(200)];
      const [nonce, other] = [one, two].map(
        ({ headers }) => /'nonce-(.{24})'/.exec(headers['content-security-policy'] ?? '')?.[1],
      );
      expect(nonce).not.toBe(other);
      expect(one.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy':
          "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none';" +
          `script-src 'self' 'nonce-${nonce}';style-src 'self' 'nonce-${nonce}';` +
          "img-src 'self' data:;font-src 'self';connect-src 'self'",
      });
      const loaded = [...one.text.matchAll(/<(?:link|script)[^>]* (?:href|src)="(.*?)" nonce="(.*?)"/g)];
      expect(loaded.length).toBeGreaterThan(2);
      expect([...new Set(loaded.map(([, , given]) => given))]).toEqual([nonce]);
      for (const [, file = ''] of loaded) {
        const { headers } = await open(file).expect(200);
        expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
      }
    },
  );

  it('are not given to programs, nor in place of an API route or of a file that is gone', async () => {
    await plane.get('/incidents', { headers: { accept: 'application/json' } }).expect(404);
    await plane.get('/incidents').expect(404);
    for (const path of ['/api', '/api/nothing', '/assets/index-gone.js', '/assets/..%2f.built', '/help/x'])
      expect((await open(path).expect(404)).text).not.toContain('id="root"');
  });

  it.each(['/docs', '/api/nothing'])(
    'have no inline scripts and only styles that their policy allows, at %s',
    async (path) => {
      const { text, headers } = await open(path);
      const policy = headers['content-security-policy'] ?? '';
      expect(policy).toMatch(
        /^default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none';/,
      );
      expect(policy).not.toMatch(/unsafe-(inline|eval)|https?:|\*/);
      const inline = [...text.matchAll(/<style>([^]*?)<\/style>| style="(.*?)"/g)].map(
        ([, block, own]) => block ?? own ?? '',
      );
      for (const style of inline) expect(policy).toContain(hashOf(style));
      expect(inline.length).toBe({ '/docs': 3, '/api/nothing': 1 }[path]);
      expect(text).not.toMatch(/<script(?! src=)|\son\w+=|javascript:/i);
    },
  );

  it('have a policy that allows the styles created by the scripts of /docs', async () => {
    const policy = (await open('/docs')).headers['content-security-policy'] ?? '';
    const scripts = await Promise.all(
      ['bundle', 'standalone-preset'].map((name) => open(`/docs/swagger-ui-${name}.js`)),
    );
    const made = scripts.flatMap(({ text }) => [...text.matchAll(/createElement\("style",null,"(.*?)"\)/g)]);
    expect(made.length).toBe(1);
    for (const [, style = ''] of made) expect(policy).toContain(hashOf(style));
  });

  it.each(['/signup', '/reset-password'])(
    "at %s, show the tenant's name and load files only from their own host",
    async (path) => {
      const { text, headers } = await open(path).expect(200);
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'content-security-policy':
          "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none';" +
          "script-src 'self';style-src 'self';connect-src 'self'",
      });
      expect(text).toContain('Acme &lt;Corp&gt; &amp; &quot;Sons&quot;');
      expect(text).toMatch(/autocomplete="new-password"[^]*minlength="12"\s+maxlength="200"/);
      expect(text).not.toMatch(/<script(?! type="module" src="\/)|<style|\sstyle=|\son\w+=|\{\{|https?:/);
      const loaded = [...text.matchAll(/<(?:link|script)[^>]*(?:href|src)="(.*?)"/g)].map(([, file]) => file);
      const types = await Promise.all(
        loaded.map(async (file = '') => (await open(file).expect(200)).headers['content-type']),
      );
      expect(types).toEqual(['text/css; charset=utf-8', 'text/javascript; charset=utf-8']);
    },
  );

  describe('under /help', () => {
    const guide = async (path: string): Promise<string> => {
      const { text, headers } = await plane.get(path, { headers: { accept: 'text/html' } }).expect(200);
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy':
          "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none';style-src 'self'",
      });
      return text;
    };
    const linksOf = (text: string): string[] =>
      [...text.matchAll(/<a href="(.*?)"/g)].map(([, href]) => href ?? '');

    it('list guides whose links lead to existing pages or to https addresses', async () => {
      const names = linksOf(await guide('/help')).filter((href) => href !== '/help');
      expect(names).toContain('/help/users');
      const pages = new Map(await Promise.all(names.map(async (name) => [name, await guide(name)] as const)));
      for (const [name, text] of pages) {
        expect(text).not.toMatch(/<script|<style|<img|\sstyle=|\son\w+=|\{\{title|javascript:/i);
        for (const href of linksOf(text).filter((one) => !one.startsWith('https://') && one !== '/help')) {
          const [page = '', anchor] = href.split('#');
          const target = page === '' ? text : (pages.get(page) ?? '');
          expect([name, href, target.includes(`id="${anchor ?? ''}"`) || anchor === undefined]).toEqual([
            name,
            href,
            target !== '',
          ]);
        }
      }
    });

    it.each(Object.values(PROFILES))(
      'include the guide for the deployment model $model',
      async ({ guide: { doc, title } }) => {
        expect(await guide(doc)).toMatch(new RegExp(`<h1 id="[a-z-]+">${title}</h1>`));
      },
    );

    it.each(Object.entries(HINT_GUIDES))(
      "explain the workspace's hints about %s in the guide for a tenant's users",
      async (_, doc) => {
        const [page = '', anchor] = doc.split('#');
        expect(page).toBe('/help/workspace');
        expect(await guide(page)).toContain(`<h2 id="${anchor}">`);
      },
    );

    it('return 404 for unknown names', async () => {
      for (const name of ['nothing', 'index', '..%2Fpages%2Fhelp', '%2e%2e%2fpackage', 'constructor'])
        await plane.get(`/help/${name}`).expect(404);
    });
  });

  it('tell users of a removed tenant what to do, and say the same of a tenant that never was', async () => {
    const gone = await plane.tenant('gone');
    await plane.apply({ removed: [gone.tenant_id] });
    const texts = await Promise.all(
      ['gone', 'nobody'].map(async (slug) => {
        const page = await plane
          .get('/', { host: hostOf(slug), headers: { accept: 'text/html' } })
          .expect(404);
        return page.text.replace(page.headers['x-trace-id'] ?? '', '');
      }),
    );
    expect(texts[0]).toContain(
      'There is no workspace at this address. It may have been removed, or have moved',
    );
    expect(texts[0]).toContain('from whoever runs Atlas for you');
    expect(texts[1]).toBe(texts[0]);
  });

  it('have no sign-up form for an unknown tenant', async () => {
    const answer = await plane.get('/signup', { host: hostOf('nobody'), headers: { accept: 'text/html' } });
    expect([answer.status, answer.text]).toEqual([404, expect.not.stringContaining('<form')]);
  });

  it('show errors with the trace id to quote', async () => {
    const answer = await open('/api/nothing?<script>').expect(404);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.text).toContain(answer.headers['x-trace-id']);
    expect(answer.text).not.toContain('<script>');
  });

  it('say that the tenant is suspended, while API calls return a problem document', async () => {
    await suspend();
    for (const path of ['/', '/signup', '/reset-password']) {
      const page = await open(path).expect(403);
      expect(page.headers['content-type']).toContain('text/html');
      expect(page.text).toContain('This tenant is suspended');
      expect(page.text).toContain('<meta http-equiv="refresh" content="30">');
    }
    const problem = await plane.get('/api/tenant-default', { host: hostOf('acme') }).expect(403);
    expect(problem.headers['content-type']).toContain('application/problem+json');
    expect(problem.body.code).toBe('tenant_suspended');
  });
});
