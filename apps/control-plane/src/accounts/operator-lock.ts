import { lockedForShare, lockedForUpdate, together } from '@atlas/persistence';
import { type Clock, DomainError } from '@atlas/platform';
import { type EntityManager, type FindOptionsWhere } from 'typeorm';
import { type OperatorCaller } from './caller';
import { callerAsOfNow } from './live-credentials';
import { scopeMissing, unauthenticated } from './operator-authentication';
import { Operator } from './operator.entity';

/**
 * A revocation ends what it finds. What another transaction is about to write it does not find, and that one does not see
 * the revocation either. So each transaction that signs in, mints, resets, changes or ends anything of an operator first
 * locks the operator's row, then checks again all that was decided before it had the lock, and only then writes.
 */
export async function lockOperator(manager: EntityManager, id: string): Promise<Operator> {
  const [operator] = await lockOperators(manager, [{ id }]);
  if (!operator) throw noSuchOperator();
  return operator;
}

/** Several at once, always in the order of their ids: whoever needs more than one row takes them all here. */
export function lockOperators(
  manager: EntityManager,
  anyOf: FindOptionsWhere<Operator>[],
): Promise<Operator[]> {
  const query = manager.createQueryBuilder(Operator, 'operator').where(anyOf).orderBy('operator.id');
  return lockedForUpdate(query).getMany();
}

/** The caller as they are under the lock of their row. Throws what the guard would have thrown had they come only now. */
export async function checkCallerAgain(
  manager: EntityManager,
  caller: OperatorCaller,
  clock: Clock,
): Promise<OperatorCaller> {
  const { requires } = caller;
  const current = await callerAsOfNow(manager, caller, clock.now());
  if (!current) throw unauthenticated();
  if (requires !== undefined && !current.scopes.includes(requires)) throw scopeMissing(requires);
  return current;
}

/**
 * Runs `work` once the caller was looked at again, for what changes no operator: calls of one operator wait for their
 * revocation, but not for each other. Started together, the statements travel together, in this order.
 */
export async function asAdmitted<T>(
  manager: EntityManager,
  caller: OperatorCaller,
  clock: Clock,
  work: () => Promise<T>,
): Promise<T> {
  const operator = manager.createQueryBuilder(Operator, 'operator').where({ id: caller.operatorId });
  const [, , done] = await together([
    lockedForShare(operator).getOne(),
    checkCallerAgain(manager, caller, clock),
    work(),
  ]);
  return done;
}

export function noSuchOperator(): DomainError {
  return new DomainError('not_found', 'not_found', 'There is no such operator.');
}
