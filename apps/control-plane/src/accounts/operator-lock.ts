import { lockedForUpdate, shareLock, takeLocks, together } from '@atlas/persistence';
import { type Clock, DomainError } from '@atlas/platform';
import { type EntityManager, type FindOptionsWhere, In } from 'typeorm';
import { type OperatorCaller } from '../access/caller';
import { QUEUED_LOCKS } from '../database/queued-locks';
import { callerAsOfNow } from './live-credentials';
import { scopeMissing, unauthenticated } from './operator-authentication';
import { Operator } from './operator.entity';

/**
 * A revocation cannot see the uncommitted writes of a concurrent transaction, and that transaction cannot
 * see the revocation. Therefore, every transaction that signs an operator in, or that issues, resets,
 * changes or revokes anything belonging to an operator, locks the operator first. It then repeats all
 * checks made before it had the lock, and only then writes. Take this lock before the locks on tenants,
 * planes and jobs. It is a queued lock, so operators cannot delay their own revocation by writing.
 */
export async function lockOperator(manager: EntityManager, id: string): Promise<Operator> {
  const [operator] = await lockOperators(manager, [id]);
  if (!operator) throw noSuchOperator();
  return operator;
}

/**
 * Locks several operators, always in the same order. Lock all operators that you
 * need in one call. The rows matching `others` are locked as well, but without a
 * queued lock, so the call does not wait for those operators' own writes.
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
 * Returns the caller's current state. Call this after locking
 * the operator. Throws the error that the guard would throw now.
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
 * Checks the caller again and then runs `work`, which must not change operators. Calls
 * by the same operator wait for a concurrent revocation of that operator's access, but
 * not for each other. Lock, check and work are sent together and run in this order.
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
  return new DomainError('not_found', 'not_found', 'No operator has this id.');
}
