import {
  type AuditRecord,
  CHAIN_START,
  type SealedAuditRecord,
  faultBehind,
  linkBehind,
} from './audit-chain';

const record = (change: Partial<AuditRecord> = {}): AuditRecord => ({
  id: '01930000-0000-7000-8000-000000000001',
  at: '2030-01-01T00:00:00.000Z',
  actor: { kind: 'operator', id: 'o1' },
  action: 'tenant.suspend',
  target: { kind: 'tenant', id: 't1' },
  before: null,
  after: { reason: 'unpaid', 10: 'ten', 9: 'nine' },
  ip: '127.0.0.1',
  trace_id: null,
  ...change,
});

function chainOf(...records: AuditRecord[]): SealedAuditRecord[] {
  let head = CHAIN_START;
  return records.map((one) => ({ ...one, ...(head = linkBehind(head, one)) }));
}

describe('the chain of an audit trail', () => {
  it('has the documented hashes', () => {
    // SHA-256 of 64 zeros and of
    // {"action":"tenant.suspend","actor":{"id":"o1","kind":"operator"},"after":{"10":…}
    expect(linkBehind(CHAIN_START, record())).toEqual({
      position: 1,
      hash: '265ffbcfcfd84db859e41c05c956d7fe1d571b8d6f385d22a3771aff823c5338',
    });
  });

  it('does not depend on the order of object members', () => {
    const { id, ...rest } = record({ after: { 9: 'nine', 10: 'ten', reason: 'unpaid' } });
    expect(linkBehind(CHAIN_START, { ...rest, id })).toEqual(linkBehind(CHAIN_START, record()));
  });

  const [first, second, third] = chainOf(record(), record({ action: 'tenant.resume' }), record()) as [
    SealedAuditRecord,
    SealedAuditRecord,
    SealedAuditRecord,
  ];

  it('is intact when each entry follows from the previous entry', () => {
    expect(faultBehind(CHAIN_START, first)).toBeNull();
    expect(faultBehind(first, second)).toBeNull();
    expect(faultBehind(second, third)).toBeNull();
  });

  it('reveals a removed entry', () => {
    expect(faultBehind(first, third)).toBe('entry 2 is missing: 3 follows 1');
  });

  it.each<[string, Partial<SealedAuditRecord>]>([
    ['id', { id: '01930000-0000-7000-8000-000000000002' }],
    ['at', { at: '2030-01-01T00:00:00.001Z' }],
    ['actor', { actor: { kind: 'operator', id: 'o2' } }],
    ['action', { action: 'tenant.suspended' }],
    ['target', { target: { kind: 'tenant', id: null } }],
    ['before', { before: {} }],
    ['after', { after: { reason: 'paid', 10: 'ten', 9: 'nine' } }],
    ['ip', { ip: null }],
    ['trace_id', { trace_id: '' }],
    ['hash', { hash: '0'.repeat(64) }],
  ])('reveals a changed %s', (_, change) => {
    expect(faultBehind(first, { ...second, ...change })).toMatch(/^entry 2 \(.*\) does not match its seal$/);
  });

  it('reveals a changed entry with a recomputed hash, because the next entry does not match', () => {
    const forged = record({ action: 'tenant.nothing' });
    const resealed = { ...forged, ...linkBehind(first, forged) };
    expect(faultBehind(first, resealed)).toBeNull();
    expect(faultBehind(resealed, third)).toMatch('entry 3');
  });
});
