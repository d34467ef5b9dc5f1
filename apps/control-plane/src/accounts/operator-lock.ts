import { lockedForUpdate, shareLock, takeLocks, together } from '@atlas/persistence';
import { type Clock, DomainError } from '@atlas/platform';
import { type EntityManager, type FindOptionsWhere, In } from 'typeorm';
import { type OperatorCaller } from '../access/caller';
import { QUEUED_LOCKS } from '../database/queued-locks';
import { callerAsOfNow } from './live-credentials';
import { scopeMissing, unauthenticated } from './operator-authentication';
import { Operator } from './operator.entity';

/**
 * A revocation ends what it finds. What another transaction is about to write it does not find, and that one
 * does not see the revocation either. So each transaction that signs in, mints, resets, changes or ends
 * anything of an operator first locks the operator, then repeats every check that it made before it had the
 * lock, and only then writes. The lock comes before those of tenants, planes and jobs. It is a queued lock,
 * so that nobody can delay their own revocation by writing.
 */
export async function lockOperator(manager: EntityManager, id: string): Promise<Operator> {
  const [operator] = await lockOperators(manager, [id]);
  if (!operator) throw noSuchOperator();
  return operator;
}

/**
 * Locks several operators, always in the same order: take all that you need in one call. The rows of `others`
 * are locked as well, but their own writes are not waited for.
 */
export async function lockOperators(
  manager: EntityManager,
  ids: readonly string[],
  ...others: FindOptionsWhere<Operator>[]
): Promise<Operator[]> {
  const rows = manager
    .createQueryBuilder(Operator, 'operator')
    .where([{ id: In([...ids]) }, ...others])
    .orderBy('operator.id');
  const [, locked] = await together([
    takeLocks(manager, { lockClass: QUEUED_LOCKS.operatorAccess, ids }),
    lockedForUpdate(rows).getMany(),
  ]);
  return locked;
}

/**
 * The caller as they are under the lock of their row. Throws
 * what the guard would have thrown had they come only now.
 */
export async function checkCallerAgain(
  manager: EntityManager,
  caller: OperatorCaller,
  clock: Clock,
): Promise<OperatorCaller> {
  const { requires } = caller;
  const current = await callerAsOfNow(manager, caller, clock);
  if (!current) throw unauthenticated();
  if (requires !== undefined && !current.scopes.includes(requires)) throw scopeMissing(requires);
  return current;
}

/**
 * Runs `work` once the caller was looked at again, for what changes no
 * operator: calls of one operator wait for their revocation, but not for each
 * other. Started together, the statements travel together, in this order.
 */
export async function asAdmitted<T>(
  manager: EntityManager,
  caller: OperatorCaller,
  clock: Clock,
  work: () => Promise<T>,
): Promise<T> {
  const [, , done] = await together([
    shareLock(manager, { lockClass: QUEUED_LOCKS.operatorAccess, id: caller.operatorId }),
    checkCallerAgain(manager, caller, clock),
    work(),
  ]);
  return done;
}

export function noSuchOperator(): DomainError {
  return new DomainError('not_found', 'not_found', 'There is no such operator.');
}
