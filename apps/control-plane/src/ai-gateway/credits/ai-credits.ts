import { type AiUsageView } from '@atlas/operator-api';
import { Database, insertIfAbsent, insertRow, together } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { Tenant } from '../../registry/tenant.entity';
import { AiReservation, AiUsage, usedTokensOf } from './ai-usage.entity';
import { TOKENS_PER_CREDIT, creditsOf } from './credits-of-tenant';
import { monthOf } from './months';
import { quotaExceeded } from './quota.errors';
import { type TokenCounts } from './token-counts';

/** How much longer than its call a reservation lives. */
const GRACE_SECONDS = 60;
const SETTLE_ATTEMPTS = 3;
const BATCH = 100;

export type Reservation = Pick<AiReservation, 'id' | 'tenantId' | 'month' | 'tokens'>;

export interface Spent extends TokenCounts {
  readonly isEstimated: boolean;
}

type Sums = Partial<Pick<AiUsage, 'promptTokens' | 'completionTokens' | 'lostTokens'>> &
  Partial<Pick<AiUsage, 'questions' | 'estimatedQuestions'>>;

/**
 * Spends the tenants' AI credits. A call reserves the most that it can use before it begins, and settles with
 * what it used. The sum of both is checked in the statement that raises it, so that calls of any number of
 * processes never exceed the limit together.
 */
@Injectable()
export class AiCredits {
  private readonly logger = new Logger(AiCredits.name);

  constructor(
    private readonly database: Database,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** Throws `quota_exceeded` if fewer than `tokens` are left in this month. */
  async reserve(tenant: Tenant, tokens: number): Promise<Reservation> {
    const now = this.clock.now();
    const reservation = { id: uuidv7(now), tenantId: tenant.id, month: monthOf(now), tokens };
    const seconds = this.config.AI_TOTAL_TIMEOUT_MS / 1000 + GRACE_SECONDS;
    try {
      await this.database.write(async (manager) => {
        const expiresAt = (): string => this.database.fromNow(seconds);
        // Raises last, because the tenant's other questions wait for that row until the COMMIT.
        const [, isReserved] = await together([
          insertRow(manager, AiReservation, { ...reservation, expiresAt }),
          raiseReserved(manager, tenant, reservation),
        ]);
        if (isReserved) return;
        const usage = await usageIn(manager, tenant.id, reservation.month);
        throw quotaExceeded(reservation, creditsOf(tenant), usage);
      });
    } catch (error) {
      // The COMMIT may have taken effect although it failed.
      if (!(error instanceof DomainError)) await this.settle(reservation, null);
      throw error;
    }
    return reservation;
  }

  /**
   * Replaces a reservation with what was spent, or with nothing. Settles only once, so it is repeated if
   * its COMMIT fails. Never throws: a reservation that cannot be settled counts as spent when it expires.
   */
  async settle(reservation: Reservation, spent: Spent | null): Promise<void> {
    const sums: Sums = spent
      ? {
          promptTokens: spent.prompt,
          completionTokens: spent.completion,
          questions: 1,
          estimatedQuestions: Number(spent.isEstimated),
        }
      : {};
    for (let attempt = 1; attempt <= SETTLE_ATTEMPTS; attempt += 1)
      try {
        return await this.database.write((manager) => close(manager, reservation, sums));
      } catch (error) {
        if (attempt === SETTLE_ATTEMPTS) this.logger.warn(unsettled(reservation, error as Error));
      }
  }

  /** Settles the reservations of processes that died at their full amount. */
  async sweep(): Promise<void> {
    const where = { expiresAt: this.database.isPast() };
    const settleSome = async (manager: EntityManager): Promise<number> => {
      const expired = await manager.find(AiReservation, { where, take: BATCH, order: { id: 'asc' } });
      for (const one of expired)
        await close(manager, one, { lostTokens: one.tokens, questions: 1, estimatedQuestions: 1 });
      return expired.length;
    };
    while ((await this.database.write(settleSome)) === BATCH);
  }

  /** Throws `not_found` if there is no such tenant. */
  usage(tenantId: string, month = monthOf(this.clock.now())): Promise<AiUsageView> {
    return this.database.read(async (manager) => {
      const tenant = await manager.findOneBy(Tenant, { id: tenantId });
      if (!tenant) throw new DomainError('tenant_not_found', 'not_found', 'There is no such tenant.');
      const usage = await usageIn(manager, tenantId, month);
      return {
        tenant_id: tenantId,
        month,
        credits_limit: creditsOf(tenant),
        credits_used: usedTokensOf(usage) / TOKENS_PER_CREDIT,
        credits_reserved: usage.reservedTokens / TOKENS_PER_CREDIT,
        prompt_tokens: usage.promptTokens,
        completion_tokens: usage.completionTokens,
        lost_tokens: usage.lostTokens,
        questions: usage.questions,
        estimated_questions: usage.estimatedQuestions,
      };
    });
  }
}

/** Returns whether the reservation fits into the limit. */
async function raiseReserved(
  manager: EntityManager,
  tenant: Tenant,
  { tenantId, month, tokens }: Reservation,
): Promise<boolean> {
  const raise = async (): Promise<boolean> => {
    const { affected } = await manager
      .createQueryBuilder()
      .update(AiUsage)
      .set({ reservedTokens: () => 'reserved_tokens + :tokens' })
      .where({ tenantId, month })
      .andWhere('prompt_tokens + completion_tokens + lost_tokens + reserved_tokens + :tokens <= :most')
      .setParameters({ tokens, most: creditsOf(tenant) * TOKENS_PER_CREDIT })
      .execute();
    return affected === 1;
  };
  if (await raise()) return true;
  // If another call has inserted the row meanwhile, this waits for it.
  await insertIfAbsent(manager, AiUsage, unused(tenantId, month));
  return raise();
}

/** Does nothing if the reservation has been settled already. */
async function close(
  manager: EntityManager,
  { id, tenantId, month, tokens }: Reservation,
  sums: Sums,
): Promise<void> {
  const { affected } = await manager.delete(AiReservation, { id });
  if (affected !== 1) return;
  const increases = Object.entries(sums).map(([property, by]) => {
    const column = manager.connection.getMetadata(AiUsage).findColumnWithPropertyName(property);
    return [property, () => `${column?.databaseName} + ${Number(by)}`];
  });
  const changes = { reservedTokens: () => `reserved_tokens - ${Number(tokens)}` };
  await manager.update(AiUsage, { tenantId, month }, { ...Object.fromEntries(increases), ...changes });
}

async function usageIn(manager: EntityManager, tenantId: string, month: string): Promise<AiUsage> {
  return (await manager.findOneBy(AiUsage, { tenantId, month })) ?? unused(tenantId, month);
}

function unused(tenantId: string, month: string): AiUsage {
  const tokens = { promptTokens: 0, completionTokens: 0, lostTokens: 0, reservedTokens: 0 };
  return { tenantId, month, ...tokens, questions: 0, estimatedQuestions: 0 };
}

function unsettled({ id, tokens }: Reservation, { message }: Error): string {
  return `AI reservation ${id} was not settled and will count as ${tokens} tokens: ${message}`;
}
