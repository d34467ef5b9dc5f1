import { type Transfer } from '../registry/transfer.entity';
import { isLevel, newTransfer } from './transfers';

describe(isLevel.name, () => {
  const planes = { sourcePlaneId: 'a', targetPlaneId: 'b' };
  const facts = { tenantId: 't', ...planes, purpose: 'move', recipient: {} } as const;
  const transfer = (now: Partial<Transfer>): Transfer => ({ ...newTransfer(facts, new Date(0)), ...now });

  it.each<[string, Partial<Transfer>, boolean]>([
    ['nothing was sent', {}, false],
    ['only the snapshot is imported', { parts: 1, imported: 1, lastKind: 'snapshot' }, false],
    ['nothing is imported yet', { parts: 1, imported: 0, lastKind: 'changes' }, false],
    ['everything is imported', { parts: 3, imported: 3, lastKind: 'changes', lastChanges: 200 }, true],
    ['few changes are in transit', { parts: 3, imported: 2, lastKind: 'changes', lastChanges: 200 }, true],
    ['many changes are in transit', { parts: 3, imported: 2, lastKind: 'changes', lastChanges: 201 }, false],
    ['many changes arrived at once', { parts: 3, imported: 3, lastKind: 'changes', lastChanges: 201 }, false],
    ['two parts are in transit', { parts: 3, imported: 1, lastKind: 'changes', lastChanges: 1 }, false],
    ['the last part is in transit', { parts: 3, imported: 2, lastKind: 'last' }, false],
    ['the last part is imported', { parts: 3, imported: 3, lastKind: 'last' }, true],
  ])('decides whether the target has caught up when %s', (_, now, answer) => {
    expect(isLevel(transfer(now))).toBe(answer);
  });
});
