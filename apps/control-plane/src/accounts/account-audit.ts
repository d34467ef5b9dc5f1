import { type AuditEntry } from '@atlas/persistence';

type Fields = Readonly<Record<string, unknown>>;

export function operatorEntry(action: string, targetId: string, after?: Fields, before?: Fields): AuditEntry {
  return { action, targetKind: 'operator', targetId, before, after };
}
