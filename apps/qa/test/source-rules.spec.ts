import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../src/supply-chain/locked-packages';

/** What ships: the planes, the command line and what they are made of; pages and their scripts included. */
const FOLDERS = ['apps', 'libs'].flatMap((group) =>
  readdirSync(join(ROOT, group))
    .filter((name) => !['bench', 'e2e', 'isolation', 'qa', 'testing'].includes(name))
    .flatMap((name) => ['src', 'pages'].map((part) => `${group}/${name}/${part}`)),
);

const sources = new Map(
  FOLDERS.flatMap(filesOf)
    .filter((file) => /\.(ts|js|html)$/.test(file) && !file.endsWith('.spec.ts'))
    .map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]),
);

/** No source is like that but those that are named; a rule that does not find what it is made for says nothing. */
function holds(what: RegExp, like: string, but: readonly string[] = []): void {
  expect(like).toMatch(what);
  const found = [...sources].filter(([, text]) => what.test(text)).map(([file]) => file);
  expect(found.sort()).toEqual([...but].sort());
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(
      (file) => `${folder}/${file}`,
    );
  } catch {
    return [];
  }
}

describe('no source', () => {
  it('is left out', () => {
    expect(sources.size).toBeGreaterThan(300);
    expect(sources.get('libs/platform/pages/password-field.html')).toContain('name="password"');
  });

  it('is named after a role that says nothing', () => {
    const vague = /[./](service|repository|utils?|helpers?|common|manager|base|impl)\.ts$/;
    expect('tenants.service.ts').toMatch(vague);
    expect([...sources.keys()].filter((file) => vague.test(file))).toEqual([]);
  });

  it('runs code that comes as text', () => {
    holds(/\beval\(|\bnew Function\(|from '(node:)?vm'|setTimeout\(\s*['"`]/, 'eval(given)');
  });

  it('starts a program by a shell', () => {
    holds(
      /\bshell: (true|['"`])|\{[^}]*\bexec(Sync)?\b[^}]*\} from '(node:)?child_process'/,
      "import { exec } from 'node:child_process';",
    );
  });

  it('reads XML, YAML or what brings its types along', () => {
    holds(/from '[^']*(xml|yaml|serialize)[^']*'|deserialize\(/, "from 'fast-xml-parser'");
  });

  it('builds a pattern from what it is given', () => {
    holds(/new RegExp\((?!`\^\(\$\{NAME\}|PARAMETER,)/, 'new RegExp(given)');
  });

  it('takes chance for a secret', () => {
    // How long to wait.
    holds(/Math\.random/, 'Math.random()', [
      'libs/jobs/src/retry-policy.ts',
      'apps/tenant-plane/src/portability/transfer-relay.ts',
      'libs/persistence/src/outgoing-mail/retry-pace.ts',
      'libs/plane-contract/src/link-pace.ts',
    ]);
  });

  it('hashes by anything but SHA-256', () => {
    holds(/create(Hash|Hmac)\((?!'sha256')|hkdfSync\((?!'sha256')|\bmd5\b|\bsha1\b/i, "createHash('sha1')");
  });

  it('encrypts without authentication, or by an old cipher', () => {
    holds(
      /createCipher\(|aes-?\d+-?(cbc|ecb|ctr|cfb|ofb)|A\d+CBC|RSA1_5|RSA_PKCS1|'(des|rc4|bf)\b/i,
      "'aes-256-cbc'",
    );
  });

  it('signs by RSA', () => {
    holds(/'(RS|PS)\d{3}'|generateKeyPair\('rsa'/, "'RS256'");
  });

  it('takes a certificate that nobody vouches for, or an old TLS', () => {
    holds(/rejectUnauthorized|TLS_REJECT|minVersion|secureProtocol/, 'rejectUnauthorized: false');
  });

  it('asks somebody else and goes where that sends it', () => {
    // What an operator's own program asks.
    holds(/^(?![^]*redirect: 'error')[^]*\bfetch\((?!path|typeof)/, 'await fetch(url)', [
      'apps/cli/src/control-plane/event-stream.ts',
      'apps/cli/src/control-plane/http-call.ts',
    ]);
  });

  it('logs past the logger', () => {
    holds(/console\.(log|info|warn|error)/, 'console.log(given)');
  });

  it('puts markup into a page, or keeps something in a browser', () => {
    holds(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|(local|session)Storage|indexedDB/,
      'element.innerHTML = given',
    );
  });

  it('listens to messages of other windows', () => {
    holds(/addEventListener\('message'|\bonmessage\b/, "addEventListener('message', take)");
  });

  it('shows a password as it is typed, or keeps a password manager out', () => {
    holds(
      /<input(?=[^>]*\bname="\w*password")(?![^>]*\btype="password")|<input(?=[^>]*password)[^>]*autocomplete="off"|onpaste/i,
      '<input name="password" type="text">',
    );
  });
});
