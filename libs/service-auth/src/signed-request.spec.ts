import {
  type ArrivedCall,
  CREATED,
  NONCE,
  OTHER_SECRET,
  refusalOfCall,
  SECRET,
  secondsFromSigning,
  signedCall,
  verified,
} from '../test/signed-call.fixture';
import { contentDigest } from './content-digest';
import { hmacSha256 } from './signature-base';
import { SignatureRefused } from './signature.errors';

const PARAMETERS = 'created=1618884473;nonce="nonce-0123456789";keyid="KeyId0000001";tag="atlas-tp"';
const COVERED = '"@method" "@authority" "@path" "@query" "content-digest" "x-tenant-id"';

function withHeader(name: string, value: string | string[] | undefined): ArrivedCall {
  const call = signedCall();
  return { ...call, headers: { ...call.headers, [name]: value } };
}

function withInput(from: string | RegExp, to: string): ArrivedCall {
  const input = String(signedCall().headers['signature-input']);
  const changed = input.replace(from, to);
  if (changed === input) throw new Error('The case changes nothing');
  return withHeader('signature-input', changed);
}

/** Signs an arbitrary base with the real secret, so that only the base's structure can cause a refusal. */
function signedByHand(covered: string, parameters: string, lines: Record<string, string> = {}): ArrivedCall {
  const call = signedCall();
  const values: Record<string, string> = {
    '"@method"': 'POST',
    '"@authority"': 'cp.example.com',
    '"@path"': '/api/tenant-planes/self/report',
    '"@query"': '?a=%20b&a=2',
    '"content-digest"': String(call.headers['content-digest']),
    '"x-tenant-id"': 'acme',
    ...lines,
  };
  const base = covered.split(' ').map((identifier) => `${identifier}: ${values[identifier] ?? ''}`);
  const signature = hmacSha256(
    SECRET,
    [...base, `"@signature-params": (${covered});${parameters}`].join('\n'),
  );
  const headers = {
    ...call.headers,
    'signature-input': `sig1=(${covered});${parameters}`,
    signature: `sig1=:${signature.toString('base64')}:`,
  };
  return { ...call, headers };
}

/** Expects a correctly signed call to be refused as malformed, before the HMAC is even checked. */
async function expectRefusedForForm(request: ArrivedCall): Promise<void> {
  await expectBadSignature(request);
  expect(((await refusalOfCall(request)) as Error).message).not.toContain('is not valid');
}

async function expectBadSignature(request: ArrivedCall): Promise<void> {
  const refusal = await refusalOfCall(request);
  expect(refusal).toBeInstanceOf(SignatureRefused);
  expect(refusal).toMatchObject({ code: 'bad_signature', kind: 'unauthenticated' });
}

describe('a signed call', () => {
  it("is accepted, and its signer, its time and its nonce's expiry are reported", async () => {
    expect(await verified(signedCall())).toMatchObject({
      keyId: 'KeyId0000001',
      nonce: NONCE,
      created: CREATED,
      secretIndex: 0,
      expiresAt: secondsFromSigning(360),
    });
  });

  it('is accepted with either secret during a rotation, and the secret used is reported', async () => {
    expect(await verified({ ...signedCall(), secrets: [OTHER_SECRET, SECRET] })).toMatchObject({
      secretIndex: 1,
    });
    expect(await verified({ ...signedCall(), secrets: [SECRET, OTHER_SECRET] })).toMatchObject({
      secretIndex: 0,
    });
  });

  it('may list components and parameters in any order, under any label', async () => {
    const covered = COVERED.split(' ').reverse().join(' ');
    const parameters = PARAMETERS.split(';').reverse().join(';');
    expect(await verified(signedByHand(covered, parameters))).toMatchObject({ secretIndex: 0 });
    const { headers, ...call } = signedByHand(COVERED, PARAMETERS);
    const relabelled = Object.entries(headers).map(([name, value]) => [
      name,
      String(value).replace('sig1=', 'x.y='),
    ]);
    expect(await verified({ ...call, headers: Object.fromEntries(relabelled) })).toMatchObject({
      secretIndex: 0,
    });
  });

  it('is refused if the verifier has another secret or none', async () => {
    await expectBadSignature({ ...signedCall(), secrets: [OTHER_SECRET] });
    await expectBadSignature({ ...signedCall(), secrets: [] });
  });
});

describe('a call changed after it was signed is refused when the change is in', () => {
  it.each<[string, Partial<ArrivedCall>]>([
    ['the method', { method: 'PUT' }],
    ['the case of the method', { method: 'post' }],
    ['the authority', { authority: 'cp.example.org' }],
    ['the port', { authority: 'cp.example.com:8443' }],
    ['the path', { target: '/api/tenant-planes/self/reports?a=%20b&a=2' }],
    ['the path, to which a slash was added', { target: '/api/tenant-planes/self/report/?a=%20b&a=2' }],
    ['the escaping of the path', { target: '/api/tenant-planes/self/%72eport?a=%20b&a=2' }],
    ['a query value', { target: '/api/tenant-planes/self/report?a=%20b&a=3' }],
    ['the escaping of the query', { target: '/api/tenant-planes/self/report?a=+b&a=2' }],
    ['the order of the query', { target: '/api/tenant-planes/self/report?a=2&a=%20b' }],
    ['the query, which was removed', { target: '/api/tenant-planes/self/report' }],
    ['the boundary between path and query', { target: '/api/tenant-planes/self/report%3Fa=%20b&a=2' }],
    ['the body', { rawBody: Buffer.from('{"hello":"world"}') }],
    ['the body, which was removed', { rawBody: Buffer.alloc(0) }],
  ])('%s', async (_, change) => {
    await expectBadSignature({ ...signedCall(), ...change });
  });

  it('both the body and its digest', async () => {
    const rawBody = Buffer.from('{"hello":"world"}');
    await expectBadSignature({ ...withHeader('content-digest', contentDigest(rawBody)), rawBody });
  });

  it('the digest alone', async () => {
    await expectBadSignature(withHeader('content-digest', contentDigest('other')));
  });

  it('the tenant, whether added, removed or replaced', async () => {
    const tenantless = signedCall({ tenantId: undefined });
    await expectBadSignature({ ...tenantless, headers: { ...tenantless.headers, 'x-tenant-id': 'acme' } });
    await expectBadSignature(withHeader('x-tenant-id', undefined));
    await expectBadSignature(withHeader('x-tenant-id', 'evil'));
    const hidden = withInput(' "x-tenant-id"', '');
    await expectBadSignature(hidden);
    await expectBadSignature({ ...hidden, headers: { ...hidden.headers, 'x-tenant-id': undefined } });
  });

  it.each([
    ['created', 'created=1618884473', 'created=1618884474'],
    ['nonce', 'nonce-0123456789', 'nonce-0123456780'],
    ['keyid', 'KeyId0000001', 'KeyId0000002'],
    ['tag', 'atlas-tp', 'atlas-cp'],
    ['the order of the components', '"@path" "@query"', '"@query" "@path"'],
    ['the order of the parameters', /;(keyid=.*);(tag=.*)$/, ';$2;$1'],
  ])('%s', async (_, from, to) => {
    await expectBadSignature(withInput(from, to));
  });
});

describe('a call is refused as malformed, even if its sender has the secret, when', () => {
  it.each([
    ['the method is not covered', COVERED.replace('"@method" ', ''), PARAMETERS],
    ['the authority is not covered', COVERED.replace('"@authority" ', ''), PARAMETERS],
    ['the path is not covered', COVERED.replace('"@path" ', ''), PARAMETERS],
    ['the query is not covered', COVERED.replace('"@query" ', ''), PARAMETERS],
    ['the digest is not covered', COVERED.replace(' "content-digest"', ''), PARAMETERS],
    ['the tenant is not covered', COVERED.replace(' "x-tenant-id"', ''), PARAMETERS],
    ['an extra component is covered', `${COVERED} "date"`, PARAMETERS],
    ['a component is covered twice', `${COVERED} "@path"`, PARAMETERS],
    [
      'a component is covered twice and another is missing',
      COVERED.replace('"@query"', '"@path"'),
      PARAMETERS,
    ],
    ['another component replaces a required one', COVERED.replace('"@query"', '"date"'), PARAMETERS],
    ['a component has a parameter', COVERED.replace('"@path"', '"@path";req'), PARAMETERS],
    ['alg is declared', COVERED, `${PARAMETERS};alg="hmac-sha256"`],
    ['expires is declared', COVERED, `${PARAMETERS};expires=1618884773`],
    ['created is missing', COVERED, PARAMETERS.replace('created=1618884473;', '')],
    ['nonce is missing', COVERED, PARAMETERS.replace('nonce="nonce-0123456789";', '')],
    ['keyid is missing', COVERED, PARAMETERS.replace('keyid="KeyId0000001";', '')],
    ['tag is missing', COVERED, PARAMETERS.replace(';tag="atlas-tp"', '')],
    ['the tag is that of a response', COVERED, PARAMETERS.replace('atlas-tp', 'atlas-cp')],
    ['the tag is a token', COVERED, PARAMETERS.replace('"atlas-tp"', 'atlas-tp')],
    ['created is a string', COVERED, PARAMETERS.replace('1618884473', '"1618884473"')],
    ['created is a fraction', COVERED, PARAMETERS.replace('1618884473', '1618884473.5')],
    ['created is a whole number with a fraction', COVERED, PARAMETERS.replace('1618884473', '1618884473.0')],
    ['created is a date', COVERED, PARAMETERS.replace('1618884473', '@1618884473')],
    ['created is negative', COVERED, PARAMETERS.replace('1618884473', '-1618884473')],
    ['created has a leading zero', COVERED, PARAMETERS.replace('1618884473', '01618884473')],
    ['created appears twice', COVERED, `created=1;${PARAMETERS}`],
    ['the nonce is short', COVERED, PARAMETERS.replace(NONCE, 'x'.repeat(15))],
    ['the nonce is long', COVERED, PARAMETERS.replace(NONCE, 'x'.repeat(129))],
    ['the nonce is a number', COVERED, PARAMETERS.replace(`"${NONCE}"`, '1234567890123')],
    ['the nonce is a byte sequence', COVERED, PARAMETERS.replace(`"${NONCE}"`, ':bm9uY2UtMDEyMzQ1Njc4OQ==:')],
    ['the key id is empty', COVERED, PARAMETERS.replace('KeyId0000001', '')],
    ['the key id is long', COVERED, PARAMETERS.replace('KeyId0000001', 'x'.repeat(65))],
    ['the header is huge', COVERED, PARAMETERS.replace('KeyId0000001', 'x'.repeat(1024))],
    ['a space is duplicated', COVERED.replace(' ', '  '), PARAMETERS],
  ])('%s', async (_, covered, parameters) => {
    await expectRefusedForForm(signedByHand(covered, parameters));
  });

  it.each([
    ['an absolute URL', 'http://cp.example.com/api'],
    ['an asterisk', '*'],
    ['an authority', 'cp.example.com:443'],
    ['empty', ''],
    ['a query without a path', '?a=1'],
    ['a path with a fragment', '/api#x'],
    ['a path with raw UTF-8', '/äpi'],
    ['a path with a Latin-1 byte', '/\xe4pi'],
    ['a path with a space', '/a b'],
    ['a path with a line break', '/a\n"@query": ?'],
    ['a path with NUL', '/a\0'],
    ['a path with DEL', '/a\x7f'],
  ])('its target is %s', async (_, target) => {
    const [path, query = ''] = target.split('?', 2);
    const lines = { '"@path"': path ?? '', '"@query"': `?${query}` };
    await expectRefusedForForm({ ...signedByHand(COVERED, PARAMETERS, lines), target });
  });

  it.each(['', 'acme, acme', 'acme,evil', ' acme', 'acme ', 'ac me', 'acmé', 'a\nb', 'x'.repeat(129)])(
    'its tenant is %j',
    async (tenantId) => {
      const call = signedByHand(COVERED, PARAMETERS, { '"x-tenant-id"': tenantId });
      await expectRefusedForForm({ ...call, headers: { ...call.headers, 'x-tenant-id': tenantId } });
    },
  );

  it('its label is huge', async () => {
    const call = signedByHand(COVERED, PARAMETERS);
    const relabelled = Object.entries(call.headers).map(([name, value]) => [
      name,
      String(value).replace('sig1=', `${'x'.repeat(1024)}=`),
    ]);
    await expectRefusedForForm({ ...call, headers: Object.fromEntries(relabelled) });
  });

  it('its digest is not exactly one well-formed sha-256 digest', async () => {
    for (const digest of [
      `${contentDigest('{"hello":"wörld"}')}, sha-512=:AAAA:`,
      'sha-512=:AAAA:',
      contentDigest('{"hello":"wörld"}').replace('sha-256', 'SHA-256'),
      contentDigest('{"hello":"wörld"}').replace('=:', ':'),
    ]) {
      const call = signedByHand(COVERED, PARAMETERS, { '"content-digest"': digest });
      await expectRefusedForForm({ ...call, headers: { ...call.headers, 'content-digest': digest } });
    }
  });
});

describe('a call is refused if', () => {
  const names = ['signature-input', 'signature', 'content-digest', 'x-tenant-id'];

  it.each(names)('its header %s is missing', async (name) => {
    await expectBadSignature(withHeader(name, undefined));
  });

  it.each(names)('its header %s is sent twice or as a list', async (name) => {
    const value = String(signedCall().headers[name]);
    await expectBadSignature(withHeader(name, `${value}, ${value}`));
    await expectBadSignature(withHeader(name, [value, value]));
    await expectBadSignature(withHeader(name, [value]));
  });

  it.each(names)('its header %s is padded, empty or malformed', async (name) => {
    const value = String(signedCall().headers[name]);
    for (const wrong of [` ${value}`, `${value} `, `${value},`, '', '(', '\0', 'é']) {
      await expectBadSignature(withHeader(name, wrong));
    }
  });

  it('it carries a second signature', async () => {
    const call = signedCall();
    const [input, signature] = [String(call.headers['signature-input']), String(call.headers['signature'])];
    await expectBadSignature(withHeader('signature-input', `${input}, sig2=("@method");created=1`));
    await expectBadSignature(withHeader('signature', `${signature}, sig2=:AAAA:`));
    const headers = {
      ...call.headers,
      'signature-input': `${input}, ${input.replace('sig1', 'sig2')}`,
      signature: `${signature}, ${signature.replace('sig1', 'sig2')}`,
    };
    await expectBadSignature({ ...call, headers });
  });

  it('its signature has another label, form or length', async () => {
    const signature = String(signedCall().headers['signature']);
    for (const wrong of [
      signature.replace('sig1', 'sig2'),
      `${signature};a=1`,
      signature.replace('=:', ':').replaceAll(':', '"'),
      'sig1',
      'sig1=::',
      'sig1=:AAAA:',
      `sig1=(${signature.slice('sig1='.length)})`,
      signature.replace('=:', 'A=:'),
      signature.replace(/=:$/, ':'),
      `sig1=:${Buffer.alloc(32).toString('base64')}:`,
    ]) {
      await expectBadSignature(withHeader('signature', wrong));
    }
  });

  it('its signature-input contains no list', async () => {
    await expectBadSignature(withInput(/\(.*\)/, '"@method"'));
    await expectBadSignature(withInput(/\(.*\)/, '?1'));
    await expectBadSignature(withInput(/=\(.*\)/, ''));
  });
});

describe('the time of a signed call', () => {
  it.each([-300, -299, 0, 299, 300])("may be %d s from the verifier's time", async (seconds) => {
    expect(await verified({ ...signedCall(), now: secondsFromSigning(seconds) })).toMatchObject({
      created: CREATED,
    });
  });

  it.each([-301, 301, 86_400])("may not be %d s from the verifier's time", async (seconds) => {
    const refusal = await refusalOfCall({ ...signedCall(), now: secondsFromSigning(seconds) });
    expect(refusal).toBeInstanceOf(SignatureRefused);
    expect(refusal).toMatchObject({ code: 'clock_skew', kind: 'unauthenticated' });
    expect((refusal as Error).message).toContain(
      `${Math.abs(seconds)} s ${seconds > 0 ? 'before' : 'after'} this server`,
    );
  });

  it('must be within the configured window', async () => {
    const call = { ...signedCall(), windowSeconds: 10 };
    const { expiresAt } = await verified({ ...call, now: secondsFromSigning(10) });
    expect(expiresAt).toEqual(secondsFromSigning(70));
    expect(await refusalOfCall({ ...call, now: secondsFromSigning(11) })).toMatchObject({
      code: 'clock_skew',
    });
  });

  it("is checked after the signature, so that only key holders learn the verifier's time", async () => {
    const late = { now: secondsFromSigning(301) };
    await expectBadSignature({ ...signedCall(), ...late, secrets: [OTHER_SECRET] });
    await expectBadSignature({ ...signedCall(), ...late, method: 'PUT' });
    await expectBadSignature({ ...signedCall(), ...late, rawBody: Buffer.from('x') });
    await expectBadSignature({ ...withInput('created=1618884473', 'created=1'), ...late });
  });
});

describe('a refusal', () => {
  it('contains no secret, signature, nonce or body', async () => {
    for (const change of [
      { method: 'PUT' },
      { rawBody: Buffer.from('x') },
      { now: secondsFromSigning(301) },
    ]) {
      const { message } = (await refusalOfCall({ ...signedCall(), ...change })) as Error;
      for (const secret of [SECRET, NONCE, 'FX2eatskC1s0n3iL', 'Ff6TbVpcSlZM', 'hello']) {
        expect(message).not.toContain(secret);
      }
    }
  });
});
