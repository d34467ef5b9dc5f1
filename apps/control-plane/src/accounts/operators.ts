import {
  CreateOperatorDto,
  ChangeOperatorDto,
  type OperatorView,
  type ManagedOperatorView,
} from '@atlas/operator-api';
import { Database, insertRow, violates } from '@atlas/persistence';
import {
  Clock,
  DomainError,
  NO_PASSWORD,
  type Page,
  type PageQuery,
  hashPassword,
  pageOf,
  type ExpectedVersion,
} from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import { type OperatorCaller } from '../access/caller';
import { SCOPES_OF_ROLE, isLower } from '../access/scopes';
import { Audit } from '../audit/audit';
import { operatorEntry } from './account-audit';
import { ApiKey } from './api-key.entity';
import { IssuedLinks } from './issued-links';
import { checkCallerAgain, lockOperator, lockOperators, noSuchOperator } from './operator-lock';
import { OperatorResetLink } from './operator-reset-link.entity';
import { OperatorSession } from './operator-session.entity';
import { Operator } from './operator.entity';
import { managedOperatorView, operatorView } from './operator.view';
import { requireGoodPassword } from './password-words';

const EMAIL_RULE = { name: 'operators_email_uq', table: 'operators', columns: ['email'] };

/** Manages the operators of this Control Plane and their roles. */
@Injectable()
export class Operators {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly audit: Audit,
    private readonly links: IssuedLinks,
  ) {}

  /**
   * An operator created without a password signs in through the identity provider,
   * or chooses a password with a reset link. The command line passes no `caller`.
   */
  async create(dto: CreateOperatorDto, caller?: OperatorCaller): Promise<OperatorView> {
    if (dto.password !== undefined) requireGoodPassword(dto.password, dto.email);
    const passwordHash = dto.password === undefined ? NO_PASSWORD : await hashPassword(dto.password);
    const now = this.clock.now();
    const operator = {
      id: uuidv7(now),
      email: dto.email.toLowerCase(),
      name: dto.name ?? dto.email,
      role: dto.role,
    };
    const nothingYet = { ssoIssuer: null, ssoSubject: null, disabledAt: null, revocations: 0 };
    try {
      await this.database.write(async (manager) => {
        if (caller) {
          await lockOperator(manager, caller.operatorId);
          await this.checkCaller(manager, caller);
        }
        await insertRow(manager, Operator, { ...operator, ...nothingYet, passwordHash, createdAt: now });
        await this.audit.record(manager, operatorEntry('operator.created', operator.id, { ...operator }));
      });
    } catch (error) {
      if (!violates(error, EMAIL_RULE)) throw error;
      throw new DomainError('email_taken', 'conflict', 'An operator with this email address already exists.');
    }
    return operator;
  }

  /** Newest first. */
  async list({ cursor, limit }: PageQuery): Promise<Page<ManagedOperatorView>> {
    const rows = await this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(Operator, 'operator')
        .orderBy('operator.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('operator.id < :cursor', { cursor });
      return query.getMany();
    });
    return pageOf(rows, limit, managedOperatorView);
  }

  async find(id: string): Promise<ManagedOperatorView> {
    return managedOperatorView(await this.database.read((manager) => requireOperator(manager, id)));
  }

  async me({ operatorId }: OperatorCaller): Promise<OperatorView> {
    return operatorView(await this.database.read((manager) => requireOperator(manager, operatorId)));
  }

  /**
   * Disabling or demoting an operator revokes all their sessions, and the links that they may no
   * longer issue. Disabling also revokes their API keys. Enabling the operator restores none of these. Throws
   * `changed_meanwhile`.
   */
  change(
    caller: OperatorCaller,
    id: string,
    dto: ChangeOperatorDto,
    expected: ExpectedVersion<ManagedOperatorView>,
  ): Promise<ManagedOperatorView> {
    return this.database.write(async (manager) => {
      // Locks all owners too, because two owners who demote each other at the same time would leave none.
      const owner = { role: 'owner' as const, disabledAt: IsNull() };
      const locked = await lockOperators(manager, [id, caller.operatorId], owner);
      await this.checkCaller(manager, caller);
      const operator = locked.find((one) => one.id === id);
      if (!operator) throw noSuchOperator();
      expected.require(managedOperatorView(operator));
      const owners = locked.filter(isActiveOwner);
      const changes = changesOf(operator, dto, this.clock.now());
      const isOwnerAfter = { ...operator, ...changes };
      if (owners.every((owner) => owner.id === id) && !isActiveOwner(isOwnerAfter)) throw lastOwner();
      if (changes.role !== undefined && id === caller.operatorId) throw ownRole();
      const names = Object.keys(changes) as (keyof typeof changes)[];
      if (names.length === 0) return managedOperatorView(operator);
      const mayLess = changes.role !== undefined && isLower(changes.role, operator.role);
      const revocations = operator.revocations + (changes.disabledAt || mayLess ? 1 : 0);
      await manager.update(Operator, { id }, { ...changes, revocations });
      if (changes.disabledAt) await this.endEverything(manager, id);
      else if (mayLess) await this.endSessions(manager, id);
      const left = changes.disabledAt ? [] : SCOPES_OF_ROLE[isOwnerAfter.role];
      const ended = changes.disabledAt || mayLess ? await this.links.endOf(manager, id, left) : 0;
      const before = Object.fromEntries(names.map((name) => [name, operator[name]]));
      const after = { ...changes, ...(ended > 0 && { links_ended: ended }) };
      await this.audit.record(manager, operatorEntry('operator.changed', id, after, before));
      return managedOperatorView({ ...operator, ...changes });
    });
  }

  private async checkCaller(manager: EntityManager, caller: OperatorCaller): Promise<void> {
    await checkCallerAgain(manager, caller, this.clock);
  }

  private async endEverything(manager: EntityManager, operatorId: string): Promise<void> {
    const now = this.clock.now();
    await this.endSessions(manager, operatorId);
    await manager.update(ApiKey, { operatorId, revokedAt: IsNull() }, { revokedAt: now });
    await manager.update(OperatorResetLink, { operatorId, endedAt: IsNull() }, { endedAt: now });
  }

  private async endSessions(manager: EntityManager, operatorId: string): Promise<void> {
    const live = { operatorId, revokedAt: IsNull() };
    await manager.update(OperatorSession, live, { revokedAt: this.clock.now() });
  }
}

export async function requireOperator(manager: EntityManager, id: string): Promise<Operator> {
  const operator = await manager.findOneBy(Operator, { id });
  if (!operator) throw noSuchOperator();
  return operator;
}

function changesOf(
  { name, role, disabledAt }: Operator,
  dto: ChangeOperatorDto,
  now: Date,
): Partial<Pick<Operator, 'name' | 'role' | 'disabledAt'>> {
  return {
    ...(dto.name !== undefined && dto.name !== name && { name: dto.name }),
    ...(dto.role !== undefined && dto.role !== role && { role: dto.role }),
    ...(dto.disabled !== undefined &&
      dto.disabled !== (disabledAt !== null) && { disabledAt: dto.disabled ? now : null }),
  };
}

function isActiveOwner({ role, disabledAt }: Pick<Operator, 'role' | 'disabledAt'>): boolean {
  return role === 'owner' && disabledAt === null;
}

function lastOwner(): DomainError {
  return new DomainError(
    'last_owner',
    'conflict',
    'This is the last active owner. Make another operator an owner first.',
  );
}

function ownRole(): DomainError {
  return new DomainError('own_role', 'conflict', 'You cannot change your own role. Ask another owner.');
}
