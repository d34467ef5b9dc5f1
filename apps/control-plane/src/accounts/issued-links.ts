import { type Scope } from '@atlas/operator-api';
import { Clock } from '@atlas/platform';
import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type OperatorCaller } from '../access/caller';
import { ApiKey } from './api-key.entity';
import { OperatorResetLink } from './operator-reset-link.entity';

export const LINK_KINDS = Symbol('LINK_KINDS');

/**
 * Who issued a link or an API key, and when it expires. A link or key issued with an API key is revoked
 * when that API key is revoked. One issued with a session is revoked when the operator loses access.
 */
export interface Issue {
  readonly issuedBy: string;
  readonly issuedWith: string | null;
  readonly expiresAt: Date;
}

/**
 * Returns the issuer and the expiry of a link or an API key that the caller is issuing.
 * The link or key expires at `until` or with the caller's API key, whichever is earlier.
 */
export async function issueOf(
  manager: EntityManager,
  { kind, id, operatorId }: OperatorCaller,
  until: Date,
): Promise<Issue> {
  const key = kind === 'api_key' ? await manager.findOneByOrFail(ApiKey, { id }) : null;
  const expiresAt = key && key.expiresAt < until ? key.expiresAt : until;
  return { issuedBy: operatorId, issuedWith: key?.id ?? null, expiresAt };
}

/** SQL: the ids of a key and of all keys descended from it. */
export const DESCENT = `with recursive descent (id) as (
  select id from api_keys where id = :id
  union all select child.id from api_keys child join descent on child.parent_id = descent.id
) select id from descent`;

/** An SQL condition on `issued_by` and `issued_with` that selects an issuer's links. */
export interface IssuedBy {
  readonly where: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** One kind of link that operators issue. */
export abstract class LinkKind {
  /** The scope required to issue a link of this kind. */
  abstract readonly scope: Scope;
  /** Revokes the issuer's live links of this kind and returns how many it revoked. */
  abstract end(manager: EntityManager, issuer: IssuedBy): Promise<number>;
}

/**
 * Revokes links. Callers must already have locked the operator who issued the links, so
 * that no new link is issued in the meantime. The same rule applies to revoking API keys.
 */
@Injectable()
export class IssuedLinks {
  constructor(@Inject(LINK_KINDS) private readonly kinds: readonly LinkKind[]) {}

  /**
   * Revokes the links that the operator may no longer issue with the scopes in `left`. Returns their number.
   */
  endOf(manager: EntityManager, operatorId: string, left: readonly Scope[]): Promise<number> {
    const issuer = { where: 'issued_by = :operatorId', parameters: { operatorId } };
    return this.end(manager, issuer, (kind) => !left.includes(kind.scope));
  }

  /** Revokes the links issued with an API key or one of its descendants. Returns their number. */
  endWithKey(manager: EntityManager, id: string): Promise<number> {
    return this.end(manager, { where: `issued_with in (${DESCENT})`, parameters: { id } });
  }

  private async end(
    manager: EntityManager,
    issuer: IssuedBy,
    isOver: (kind: LinkKind) => boolean = () => true,
  ): Promise<number> {
    let ended = 0;
    for (const kind of this.kinds.filter(isOver)) ended += await kind.end(manager, issuer);
    return ended;
  }
}

@Injectable()
export class ResetLinks extends LinkKind {
  readonly scope = 'operators:write';

  constructor(private readonly clock: Clock) {
    super();
  }

  async end(manager: EntityManager, { where, parameters }: IssuedBy): Promise<number> {
    const { affected } = await manager
      .createQueryBuilder()
      .update(OperatorResetLink)
      .set({ endedAt: this.clock.now() })
      .where(where, parameters)
      .andWhere('ended_at is null')
      .execute();
    return affected ?? 0;
  }
}
