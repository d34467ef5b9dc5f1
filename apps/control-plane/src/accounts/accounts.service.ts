import { Database, insertRow, violates } from '@atlas/persistence';
import {
  Clock,
  DomainError,
  hashPassword,
  passwordMatches,
  pretendToCheck,
  currentContext,
} from '@atlas/platform';
import { hashCredential, mintCredential } from '@atlas/service-auth';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Audit } from '../audit/audit.service';
import { type CreateApiKeyDto, type CreateOperatorDto } from './accounts.dto';
import { ApiKey } from './api-key.entity';
import { type OperatorCaller } from './caller';
import { OperatorSession } from './operator-session.entity';
import { Operator } from './operator.entity';
import { type OperatorRole, grantableScopes } from './scopes';

const SESSION_SECONDS = 12 * 3600;
const EMAIL_RULE = { name: 'operators_email_uq', table: 'operators', columns: ['email'] };

export interface OperatorView {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: OperatorRole;
}

/** Operators, their sessions and their API keys. */
@Injectable()
export class Accounts {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  async createOperator(dto: CreateOperatorDto): Promise<OperatorView> {
    const passwordHash = await hashPassword(dto.password);
    const now = this.clock.now();
    const operator = {
      id: uuidv7(now),
      email: dto.email.toLowerCase(),
      name: dto.name ?? dto.email,
      role: dto.role,
    };
    try {
      await this.database.write(async (manager) => {
        await insertRow(manager, Operator, { ...operator, passwordHash, createdAt: now, disabledAt: null });
        await this.audit.record(
          manager,
          target('operator.created', 'operator', operator.id, { ...operator }),
        );
      });
    } catch (error) {
      if (!violates(error, EMAIL_RULE)) throw error;
      throw new DomainError(
        'email_taken',
        'conflict',
        'An operator with this e-mail address exists already.',
      );
    }
    return operator;
  }

  async login(
    email: string,
    password: string,
  ): Promise<{ token: string; expires_at: Date; operator: OperatorView }> {
    const operator = await this.database.read((manager) =>
      manager.findOneBy(Operator, { email: email.toLowerCase(), disabledAt: IsNull() }),
    );
    const isKnown = operator
      ? await passwordMatches(password, operator.passwordHash)
      : await pretendToCheck(password);
    if (!operator || !isKnown) {
      throw new DomainError('invalid_credentials', 'unauthenticated', 'E-mail address or password is wrong.');
    }
    const context = currentContext();
    if (context) context.actor = { kind: 'operator', id: operator.id };
    const { id, value } = mintCredential('aos');
    const now = this.clock.now();
    const expiresAt = secondsAfter(now, SESSION_SECONDS);
    const session = {
      id,
      operatorId: operator.id,
      secretHash: hashCredential(value),
      createdAt: now,
      expiresAt,
      revokedAt: null,
    };
    await this.database.write(async (manager) => {
      await insertRow(manager, OperatorSession, session);
      await this.audit.record(manager, target('operator.signed_in', 'operator', operator.id));
    });
    return { token: value.reveal(), expires_at: expiresAt, operator: viewOf(operator) };
  }

  async logout(caller: OperatorCaller): Promise<void> {
    if (!caller.sessionId) return;
    const id = caller.sessionId;
    await this.database.write((manager) =>
      manager.update(OperatorSession, { id }, { revokedAt: this.clock.now() }),
    );
  }

  async operator(id: string): Promise<OperatorView> {
    return viewOf(await this.database.read((manager) => manager.findOneByOrFail(Operator, { id })));
  }

  async createApiKey(caller: OperatorCaller, dto: CreateApiKeyDto): Promise<Record<string, unknown>> {
    const allowed = caller.kind === 'api_key' ? caller.scopes : grantableScopes(caller.role);
    const refused = dto.scopes.filter((scope) => !allowed.includes(scope));
    if (refused.length > 0) {
      throw new DomainError(
        'forbidden',
        'forbidden',
        `You cannot grant what you do not have: ${refused.join(', ')}.`,
      );
    }
    const { id, value } = mintCredential('aok');
    const now = this.clock.now();
    const expiresAt = secondsAfter(now, dto.ttl_seconds);
    const described = { name: dto.name, scopes: dto.scopes };
    const key = { id, ...described, operatorId: caller.operatorId, secretHash: hashCredential(value) };
    await this.database.write(async (manager) => {
      await insertRow(manager, ApiKey, { ...key, createdAt: now, expiresAt, revokedAt: null });
      await this.audit.record(manager, target('api_key.created', 'api_key', id, described));
    });
    return { id, ...described, expires_at: expiresAt, key: value.reveal() };
  }

  async revokeApiKey(id: string): Promise<void> {
    await this.database.write(async (manager) => {
      const { affected } = await manager.update(
        ApiKey,
        { id, revokedAt: IsNull() },
        { revokedAt: this.clock.now() },
      );
      if (!affected) throw new DomainError('not_found', 'not_found', 'There is no such live API key.');
      await this.audit.record(manager, target('api_key.revoked', 'api_key', id));
    });
  }
}

function target(action: string, targetKind: string, targetId: string, after?: Record<string, unknown>) {
  return { action, targetKind, targetId, after };
}

function viewOf({ id, email, name, role }: Operator): OperatorView {
  return { id, email, name, role };
}

function secondsAfter(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
