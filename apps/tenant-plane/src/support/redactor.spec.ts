import { Redactor } from './redactor';

const redactor = new Redactor([
  { name: 'SMTP_URL', value: 'p%40ss/w"rd' },
  { name: 'SHORT', value: 'abc' },
]);

describe(Redactor.name, () => {
  it.each([
    ['p%40ss/w"rd', '[secret SMTP_URL]'],
    ['p%2540ss%2Fw%22rd', '[secret SMTP_URL]'],
    ['{"x":"p%40ss/w\\"rd"}', '{"x":"[secret SMTP_URL]"}'],
    [Buffer.from('p%40ss/w"rd').toString('base64url'), '[secret SMTP_URL]'],
    ['postgres://atlas:pw@db.acme.example:5432/atlas?x=1 failed', '[url] failed'],
    ['https://ann:pw@example.com/x', 'https://[user]@example.com/x'],
    ['ats_AAAAAAAAAAAA_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1061Ue9', '[credential]'],
    ['atu_0197a8b2-0000-7000-8000-000000000000_abcdefghijklmnop', '[credential]'],
    ['eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln', '[token]'],
    ['authorization: Bearer abc.def-ghi', 'authorization: "[secret]" [token]'],
    ['{"password":"x y"}', '{"password":"[secret]"}'],
    ['{"msg":"{\\"api_key\\":\\"x y\\"}"}', '{"msg":"{\\"api_key\\":"[secret]"}"}'],
    ['GET /x?access_token=abcdef&y=1', 'GET /x?access_token="[secret]"&y=1'],
    ['-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----', '[key]'],
    ['MIIEvQIBADANBg\nabc==\n-----END PRIVATE KEY-----\nlater', '[key]\nlater'],
    ['-----BEGIN X509 CRL-----\nabc', '[key]'],
    ['cookie: atlas_session=abc; other=def', 'cookie: [secret]'],
    ['{"set-cookie":["a=abc; Path=/","b=def"],"x":1}', '{"set-cookie":[secret],"x":1}'],
    ['{"cookie":"a=abc; b=def","x":1}', '{"cookie":"[secret]","x":1}'],
    ['{"cookie":"a=abc; b=d', '{"cookie":"[secret]"'],
    ['{"api_key":"abc def', '{"api_key":"[secret]"'],
    ['connect 127.0.0.1:5432 and [::1]:80', 'connect 127.0.0.1:5432 and [::1]:80'],
    ['at 2026-12-01T01:20:05.000Z, version 0.1.0', 'at 2026-12-01T01:20:05.000Z, version 0.1.0'],
    ['abc stays, because it is too short', 'abc stays, because it is too short'],
  ])('turns %j into %j', (text, safe) => {
    expect(redactor.text(text)).toBe(safe);
  });

  it('gives the same address the same number, and hides no other difference', () => {
    const fresh = new Redactor([]);
    expect(fresh.text('Ann@x.example to ben@x.example, ann@x.example')).toBe(
      '[email 1] to [email 2], [email 1]',
    );
    expect(fresh.text('10.0.0.7:5432, 10.0.0.8, 10.0.0.7, 2001:db8::1')).toBe(
      '[ip 4]:5432, [ip 5], [ip 4], [ip 3]',
    );
  });

  it('replaces the members whose names say that they are secret, at any depth', () => {
    expect(redactor.value({ cookie: ['a=b'], tokens: [5] })).toEqual({ cookie: '[secret]', tokens: [5] });
    const value = { a: [{ api_key: 'x', INTERNAL_SERVICE_SECRET: 'y', name: 'z', tokens: 5 }] };
    expect(redactor.value(value)).toEqual({
      a: [{ api_key: '[secret]', INTERNAL_SERVICE_SECRET: '[secret]', name: 'z', tokens: 5 }],
    });
  });

  it('replaces the names of tenants, but no other word that contains them', () => {
    const hiding = new Redactor([], [['acme', 'Acme (West)'], ['ac']]);
    expect(hiding.text('Acme (West) at acme.example.com, acmes, AC')).toBe(
      '[tenant 1] at [tenant 1].example.com, acmes, [tenant 2]',
    );
  });

  it('stays fast on very long words', () => {
    const before = performance.now();
    for (const part of ['secret', 'a', '1.', ':', 'eyJ', 'token=', 'cookie: ', '-----END '])
      redactor.text(part.repeat(Math.floor(300_000 / part.length)));
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it('notices a known secret that is left', () => {
    expect(redactor.isLeaking('x p%40ss/w"rd')).toBe(true);
    expect(redactor.isLeaking(redactor.text('x p%40ss/w"rd'))).toBe(false);
  });
});
