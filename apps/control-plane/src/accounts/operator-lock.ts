import { lockedForUpdate, shareLock, takeLocks, together } from '@atlas/persistence';
import { type Clock, DomainError } from '@atlas/platform';
import { type EntityManager, type FindOptionsWhere, In } from 'typeorm';
import { type OperatorCaller } from '../access/caller';
import { QUEUED_LOCKS } from '../database/queued-locks';
import { callerAsOfNow } from './live-credentials';
import { scopeMissing, unauthenticated } from './operator-authentication';
import { Operator } from './operator.entity';

/**
 * A revocation affects only the rows it can see. It misses the uncommitted writes of another transaction,
 * which in turn misses the revocation. So each transaction that signs an operator in, or that issues,
 * resets, changes or revokes anything belonging to an operator, first locks the operator, repeats every
 * check it made before it had the lock, and only then writes. This lock is taken before those of tenants,
 * planes and jobs. It is a queued lock, so operators cannot delay their own revocation by writing.
 */
export async function lockOperator(manager: EntityManager, id: string): Promise<Operator> {
  const [operator] = await lockOperators(manager, [id]);
  if (!operator) throw noSuchOperator();
  return operator;
}

/**
 * Locks several operators, always in the same order. Lock all that you need
 * in one call. The rows matching `others` are locked too, but without their
 * queued lock, so this does not wait for those operators' own writes.
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
 * The caller's current state, read under the lock of their row. Throws whatever the guard would throw now.
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
 * Runs `work`, which changes no operator, after checking the caller again.
 * Calls by the same operator wait for that operator's revocation, but not
 * for each other. The statements are sent together and run in this order.
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
