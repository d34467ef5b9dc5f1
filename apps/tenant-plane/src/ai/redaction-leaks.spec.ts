import fc from 'fast-check';
import { Redaction } from './redaction';

const NAMES = {
  userNames: ['Anna Schmidt', 'Bo', 'Zoë Müller', 'Li Wu', 'Groß, Jürgen', 'Sam O’Neil'],
  hostNames: ['web-1', 'db', 'alpha.corp.example', 'Prüf-7', 'straße-1', 'Data Base 9'],
};
const SECRET = 'hunter2-x';
const hidden = (text: string): string => new Redaction(NAMES, text).hide(text);
const nfd = (text: string): string => text.normalize('NFD');
const encoded = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
/** Everything that somebody could read out of a text. */
const readable = (text: string): string => {
  const decoded = text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString(),
  );
  return [text, decoded].map((one) => one.normalize('NFC').toLowerCase()).join('\n');
};

describe('what leaves', () => {
  it.each([
    ['AWS_SECRET_ACCESS_KEY=hunter2-x'],
    ['export STRIPE_KEY=hunter2-x'],
    ['GITHUB_TOKEN: hunter2-x'],
    ['OAUTH_CLIENT_SECRET="hunter2-x"'],
    ['DB_PASSWORD=hunter2-x'],
    ['MYSQL_PWD=hunter2-x'],
    ['PGPASSWORD=hunter2-x psql'],
    ['MYSQL_PASS=hunter2-x'],
    ['SENTRY_DSN=https://hunter2-x@o1.example/1'],
    ['dbPassword = hunter2-x'],
    ['spring.datasource.password=hunter2-x'],
    ['secret_key_base: hunter2-x'],
    ['token_value: hunter2-x'],
    ['apikey:hunter2-x'],
    ['AccountKey=hunter2-x;EndpointSuffix=core.example'],
    ['Server=h;Uid=sa;Pwd=hunter2-x;'],
    ['passphrase => "hunter2-x"'],
    ['password := hunter2-x'],
    ['_auth=hunter2-x'],
    ['password="correct hunter2-x"'],
    ["password: 'correct hunter2-x staple'"],
    ['password=`correct hunter2-x`'],
    ['{"password": "correct hunter2-x"}'],
    ['{"password": "quote \\" hunter2-x"}'],
    ['{\\"password\\": \\"correct hunter2-x\\"}'],
    ['{"msg":"{\\"token\\":\\"correct hunter2-x\\"}"}'],
    ['password="correct hunter2-x'],
    ['{"passwords": ["a b", "hunter2-x"]}'],
    ['token=abc,hunter2-x'],
    ['password=ab"hunter2-x'],
    ['- name: DB_PASSWORD\n  value: hunter2-x'],
    ['{"name": "API_TOKEN", "value": "correct hunter2-x"}'],
    ['<password>hunter2-x</password>'],
    ['https://h.example/?access_token=hunter2-x'],
    ['--password hunter2-x'],
    ['--password=hunter2-x'],
    ['--password "correct hunter2-x"'],
    ['--db-password hunter2-x'],
    ['--auth-token hunter2-x'],
    ['sshpass -p hunter2-x ssh h'],
    ["tool -p 'correct hunter2-x'"],
    ['mysql -u root -phunter2-x shop'],
    ['curl -u admin:hunter2-x https://h.example'],
    ['curl --user "admin:correct hunter2-x"'],
    ["create user a identified by 'correct hunter2-x'"],
    ['postgres://app:hunter2-x@pg.example/app'],
    ['postgres://app:p@ss-hunter2-x@pg.example/app'],
    ['redis://:hunter2-x@r.example:6379/0'],
    ['amqp://app:sl/ash-hunter2-x@mq.example'],
    ['app:hunter2-x@tcp(pg.example:3306)/app'],
    ['jdbc:mysql://h.example/a?user=b&password=hunter2-x'],
    ['password%3Dhunter2-x'],
    ['q=password%3Dcorrect%20hunter2-x'],
    [`password=${encoded('correct hunter2-x')}`],
    ['%2D%2Dpassword%20hunter2-x'],
    ['Authorization: Bearer hunter2-x'],
    ['"authorization": "hunter2-x"'],
    ['Authorization: Digest username="a", response=hunter2-x'],
    ['Proxy-Authorization: Basic hunter2-x'],
    ['Cookie: a=b; sid=hunter2-x'],
    ['session_id=hunter2-x'],
    ['the password is hunter2-x'],
    ['pw:hunter2-x'],
    ['PW=hunter2-x'],
    ['PIN: hunter2-x'],
    ['AIzahunter2-xhunter2-x'],
    ['hvs.hunter2-xhunter2-x'],
    ['SG.hunter2-xhunter2-x'],
    ['hf_hunter2-xhunter2-x'],
    ['ya29.hunter2-xhunter2-x'],
    ['shpat_hunter2-xhunter2-x'],
    ['dop_v1_hunter2-xhunter2-x'],
    ['https://hooks.slack.com/services/T0/B0/hunter2-x'],
    ['https://discord.com/api/webhooks/1/hunter2-x'],
    ['https://acme.webhook.office.com/webhookb2/hunter2-x'],
    ['pass\u200bword=hunter2-x'],
    [`p${nfd('ä')} token: hunter2-x`],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2-x'],
  ])('has no secret from %j', (text) => {
    expect(readable(hidden(text))).not.toContain(SECRET);
    expect(hidden(text)).toContain('[redacted]');
  });

  it.each([
    ['Bo restarted it', 'Bo'],
    ['BO restarted it', 'bo'],
    ['li is out, wu is in', 'li', 'wu'],
    ['ANNA SCHMIDT called', 'anna', 'schmidt'],
    ['anna_schmidt@host', 'anna', 'schmidt'],
    ['schmidt.anna logged in', 'anna', 'schmidt'],
    [nfd('Zoë Müller called'), 'zoë', 'müller'],
    [nfd('MÜLLER'), 'müller'],
    ['jürgen gross', 'jürgen'],
    ['GROSS called', 'gross'],
    ["o'neil called", "o'neil"],
    ['Anna\n  Schmidt', 'anna', 'schmidt'],
    ['an\u200bna', 'anna'],
    ['Anna%20Schmidt', 'anna', 'schmidt'],
    ['?q=Zo%C3%AB+M%C3%BCller', 'zoë', 'müller'],
    [`?q=${encoded(nfd('müller'))}`, 'müller'],
    ['DB is down', 'db'],
    ['db_pool and /db/x and db-pool', 'db'],
    ['alpha is down', 'alpha'],
    ['ALPHA.corp.example', 'alpha', 'corp'],
    ['alpha.other.example', 'alpha', 'other'],
    [nfd('prüf-7'), 'prüf-7'],
    ['PRÜF-7', 'prüf-7'],
    ['STRASSE-1', 'strasse-1'],
    ['data base 9', 'base'],
    ['we\u00adb-1', 'web-1'],
    ['%77eb%2D1', 'web-1'],
    ['%2577eb-1', 'web-1'],
    ['https://h7.corp.example/x, then h7', 'h7', 'corp'],
    ['ops%40acme.example', 'ops', 'acme'],
    ['contact:ops@acme.example', 'ops@', 'acme'],
    ['https%3A%2F%2Fh8.corp.example%2Fa', 'h8', 'corp'],
    ['address:2001:db8::7 failed', '2001', 'db8::7'],
    ['from 2001:db8::7: timeout', '2001', 'db8::7'],
    ['ip:::1', '::1'],
    ['peer=2001:db8:1:2:3:4:5:6:443', '2001'],
    ['2001%3Adb8%3A%3A7', '2001'],
    ['fe80::1%25eth0', 'fe80'],
    ['::ffff:192.0.2.7', '192.0.2.7', 'ffff'],
    ['192%2E0%2E2%2E7', '192.0.2.7'],
    ['ip-192-0-2-7.ec2.example', '192-0-2-7'],
    ['192.000.002.007', '192.000.002.007'],
  ])('has no name and no address from %j', (text, ...names) => {
    const left = readable(hidden(text).replace(/<(?:EMAIL|IP|HOST|USER)_\d+>/g, '<>'));
    for (const name of names) expect(left).not.toContain(name.toLowerCase());
  });

  it.each([
    'CPU at 100%20 hosts',
    'https%3A%2F%2F is a prefix, and /api/queues/%2F/depth a path',
    'key: value, keyboard, 12:34:56, 01:23:45:67:89:ab',
    'a[::] and std::vector<int>, 2026-12-01, 10-20',
    'the password was changed, and 5 tests passed: 12 failed: 2',
  ])('still has %j', (text) => {
    expect(hidden(text)).toBe(text);
  });

  it('has no value of a member whose name says that it is a secret', () => {
    const redaction = new Redaction(NAMES, '');
    for (const name of [
      'password',
      'X-Auth-Token',
      'clientSecret',
      'DB_PWD',
      'pass%77ord',
      'api_key',
      'to\u200bken',
    ])
      expect(redaction.hideMember(name, 'an ordinary word')).toBe('[redacted]');
    expect(redaction.hideMember('summary', 'an ordinary word')).toBe('an ordinary word');
  });

  it('has no planted secret and no planted name, whatever is around them or how they are written', () => {
    const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzäöüßéñçåø');
    const word = fc.string({ unit: letter, minLength: 2, maxLength: 9 });
    const host = fc.oneof(
      fc.tuple(word, fc.nat(99)).map(([name, n]) => `${name}-${n}`),
      fc.tuple(word, word).map(([name, domain]) => `${name}.${domain}.example`),
      word,
    );
    const user = fc.tuple(word, word).map(([first, last]) => `${first} ${last}`);
    const asWritten = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => text.toUpperCase(),
      nfd,
      encoded,
      (text) => encoded(nfd(text.toUpperCase())),
      (text) => encodeURIComponent(text),
      (text) => [...text].join('\u200b'),
    );
    const around = fc.constantFrom(
      ['', ''],
      ['On ', ' it failed.'],
      ['(', ')'],
      ['"', '"'],
      ['/', '/x'],
      ['x_', '_y'],
      ['a: ', ', b'],
      ['https://', ':8080/'],
      ['\n', '\n'],
    );
    const secret = fc
      .string({ unit: fc.constantFrom(...'abcXYZ0189!@#$%^&*_+-./:;?'), minLength: 8, maxLength: 24 })
      .map((text) => `q7${text}7q`);
    const call = fc.constantFrom(
      ['DB_PASSWORD=', ''],
      ['{"client_secret": "', '"}'],
      ['--token ', ' --verbose'],
      ['tool -p ', ' x'],
      ['Authorization: Bearer ', ''],
      ["passwd='some ", " more'"],
    );
    const facts = fc.record({
      hosts: fc.array(fc.tuple(host, asWritten, around), { minLength: 1, maxLength: 4 }),
      users: fc.array(fc.tuple(user, asWritten, around), { minLength: 1, maxLength: 4 }),
      secrets: fc.array(fc.tuple(secret, call), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(facts, ({ hosts, users, secrets }) => {
        const planted = [...hosts, ...users].map(
          ([name, written, [before, after]]) => `${before}${written(name)}${after}`,
        );
        const called = secrets.map(([value, [before, after]]) => `${before}${value}${after}`);
        const texts = [...planted, ...called, [...planted, ...called].join(' ')];
        const names = { hostNames: hosts.map(([name]) => name), userNames: users.map(([name]) => name) };
        const redaction = new Redaction(names, texts.join('\n'));
        for (const text of texts) {
          const left = readable(redaction.hide(text)).replace(/<(?:email|ip|host|user)_\d+>/g, '<>');
          for (const [value] of secrets) expect(left).not.toContain(value.toLowerCase());
          for (const name of [...names.hostNames, ...names.userNames.flatMap((one) => one.split(' '))])
            expect(left.split(/[^\p{L}\p{N}.-]+/u)).not.toContain(name.normalize('NFC').toLowerCase());
        }
      }),
      { numRuns: 200 },
    );
  });
});
