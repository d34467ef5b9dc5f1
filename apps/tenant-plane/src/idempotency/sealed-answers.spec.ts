import { SecretBox, deriveKey } from '@atlas/persistence';
import { Secret } from '@atlas/platform';
import { SealedAnswers } from './sealed-answers';

const [OLD, NEW] = ['old', 'new'].map((word) => new Secret(`${word}-secret-of-the-environment`)) as [
  Secret,
  Secret,
];
const REQUEST = {
  scope: ['a-user', 'POST', '/api/auth/invite'],
  key: '1900000000',
  body: {},
  takesSecret: false,
  showsSecret: true,
};
const TAKING = { ...REQUEST, takesSecret: true, showsSecret: false };
const ROW = { tenantId: 'a-tenant', scope: 'hash-of-the-key', bodyHash: '' };
const KEPT = { bodyHash: 'hash-of-the-body', answer: { url: 'https://acme.example.com/signup#token=t' } };
const NOT_KEPT = expect.objectContaining({ code: 'answer_not_kept' });

describe('a stored response', () => {
  const openedWith = (...secrets: Secret[]) =>
    new SealedAnswers(secrets).open(REQUEST, ROW, new SealedAnswers([OLD]).seal(REQUEST, ROW, KEPT));

  it('can be decrypted with the secret that sealed it, even if that is now the previous secret', () => {
    expect([openedWith(OLD), openedWith(NEW, OLD)]).toEqual([KEPT, KEPT]);
  });

  it('cannot be decrypted with another secret', () => {
    expect(() => openedWith(NEW)).toThrow(NOT_KEPT);
  });

  it.each([
    ['shows', REQUEST],
    ['takes', TAKING],
  ])(
    "cannot be decrypted with only the client's key and the rows, if the request %s a secret",
    (_, request) => {
      const sealed = new SealedAnswers([OLD]).seal(request, ROW, KEPT);
      expect(() => new SealedAnswers([]).open(request, ROW, sealed)).toThrow(NOT_KEPT);
      const guessed = deriveKey(JSON.stringify([...REQUEST.scope, REQUEST.key]), 'atlas-kept-answer');
      const place = { table: 'idempotency_keys', column: 'answer', rowId: ROW.scope, ownerId: ROW.tenantId };
      const kid = sealed.split('.')[1] ?? '';
      expect(() => new SecretBox([{ id: kid, key: guessed }]).open(sealed, place)).toThrow();
    },
  );

  it.each([
    ['key', { ...REQUEST, key: '1900000001' }, ROW],
    ['user', { ...REQUEST, scope: ['another-user', 'POST', '/api/auth/invite'] }, ROW],
    ['tenant', REQUEST, { ...ROW, tenantId: 'another-tenant' }],
  ])('cannot be decrypted for another %s', (_, request, row) => {
    const answers = new SealedAnswers([OLD]);
    expect(() => answers.open(request, row, answers.seal(REQUEST, ROW, KEPT))).toThrow(NOT_KEPT);
  });

  it("can be decrypted on another plane with only the client's key, if it contains no secret", () => {
    const request = { ...REQUEST, showsSecret: false };
    const sealed = new SealedAnswers([OLD]).seal(request, ROW, KEPT);
    expect(new SealedAnswers([NEW]).open(request, ROW, sealed)).toEqual(KEPT);
  });

  it.each([
    ['by the previous version, which used no secret', []],
    ['with the previous secret of the environment', [OLD]],
  ])('can be decrypted if it was sealed %s, and the request takes a secret', (_, secrets) => {
    const before = new SealedAnswers(secrets).seal(TAKING, ROW, KEPT);
    expect(new SealedAnswers([NEW, OLD]).open(TAKING, ROW, before)).toEqual(KEPT);
  });

  it('can be decrypted only by the process that sealed it, if the plane has no secret', () => {
    const answers = new SealedAnswers([]);
    const sealed = answers.seal(REQUEST, ROW, KEPT);
    expect(answers.open(REQUEST, ROW, sealed)).toEqual(KEPT);
    expect(() => new SealedAnswers([]).open(REQUEST, ROW, sealed)).toThrow(NOT_KEPT);
  });
});
