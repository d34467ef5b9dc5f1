import { DomainError, type ErrorKind } from '@atlas/platform';

/** `kind` is `unprocessable` if the item is named in a request's body. */
export function itemNotFound(kind: ErrorKind = 'not_found', ids: readonly string[] = []): DomainError {
  const detail = ids.length > 0 ? `There is no configuration item ${ids.join(', ')}.` : NO_ITEM;
  return new DomainError('configuration_item_not_found', kind, detail);
}

const NO_ITEM = 'There is no such configuration item.';

export function itemArchived(kind: ErrorKind, id: string): DomainError {
  const detail = `Configuration item ${id} is archived, so it can no longer be changed or named.`;
  return new DomainError('configuration_item_archived', kind, detail);
}

export function keyExists(type: string, key: string): DomainError {
  const detail = `Another item of the type "${type}" has the key "${key}".`;
  return new DomainError('key_exists', 'conflict', detail);
}
