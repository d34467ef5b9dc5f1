import { DomainError } from '@atlas/platform';

export function userNotFound(): DomainError {
  return new DomainError('user_not_found', 'not_found', 'This tenant has no such user.');
}

export function userExists(): DomainError {
  const detail = 'A user with this email address already exists. Change that user instead.';
  return new DomainError('user_exists', 'conflict', detail);
}

export function lastAdmin(): DomainError {
  const detail = 'This is the last active admin of the tenant. Make another user an admin first.';
  return new DomainError('last_admin', 'conflict', detail);
}

export function ownRole(): DomainError {
  return new DomainError('own_role', 'conflict', 'You cannot change your own role. Ask another admin.');
}
