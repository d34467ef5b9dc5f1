import { type Transfer } from '../registry/transfer.entity';
import { isLevel, newTransfer } from './transfers';

describe(isLevel.name, () => {
  const planes = { sourcePlaneId: 'a', targetPlaneId: 'b' };
  const facts = { tenantId: 't', ...planes, purpose: 'move', recipient: {} } as const;
  const transfer = (now: Partial<Transfer>): Transfer => ({ ...newTransfer(facts, new Date(0)), ...now });

  it.each<[boolean, string, Partial<Transfer>]>([
    [false, 'nothing was sent', {}],
    [false, 'only the snapshot is imported', { parts: 1, imported: 1, lastKind: 'snapshot' }],
    [false, 'nothing is imported yet', { parts: 1, imported: 0, lastKind: 'changes' }],
    [true, 'everything is imported', { parts: 3, imported: 3, lastKind: 'changes', lastChanges: 200 }],
    [true, 'few changes are in transit', { parts: 3, imported: 2, lastKind: 'changes', lastChanges: 200 }],
    [false, 'many changes are in transit', { parts: 3, imported: 2, lastKind: 'changes', lastChanges: 201 }],
    [false, 'the last part is large', { parts: 3, imported: 3, lastKind: 'changes', lastChanges: 201 }],
    [false, 'two parts are in transit', { parts: 3, imported: 1, lastKind: 'changes', lastChanges: 1 }],
    [false, 'the last part is in transit', { parts: 3, imported: 2, lastKind: 'last' }],
    [true, 'the last part is imported', { parts: 3, imported: 3, lastKind: 'last' }],
  ])('returns %s if %s', (answer, _, now) => {
    expect(isLevel(transfer(now))).toBe(answer);
  });
});
