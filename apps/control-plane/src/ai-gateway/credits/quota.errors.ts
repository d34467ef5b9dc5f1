import { DomainError } from '@atlas/platform';
import { type AiReservation, type AiUsage, usedTokensOf } from './ai-usage.entity';
import { TOKENS_PER_CREDIT } from './credits-of-tenant';
import { endOfMonth } from './months';

/** `limit` is the tenant's number of credits per month. */
export function quotaExceeded(
  wanted: Pick<AiReservation, 'month' | 'tokens'>,
  limit: number,
  usage: AiUsage,
): DomainError {
  const [used, reserved, needed] = [usedTokensOf(usage), usage.reservedTokens, wanted.tokens].map(
    (tokens) => tokens / TOKENS_PER_CREDIT,
  );
  const renewsAt = endOfMonth(wanted.month);
  const detail =
    `The tenant's AI budget for ${wanted.month} (ai_credits_per_month) is not sufficient: ` +
    `${used} of ${limit} credits are used, ${reserved} are reserved for questions in progress, and ` +
    `this question may need ${needed}. Ask a shorter question, or set a lower max_tokens. The budget ` +
    `renews at ${renewsAt.toISOString()}. To raise it, change the tenant's plan.`;
  const facts = { quota: 'ai_credits_per_month', limit, used, reserved, needed, renews_at: renewsAt };
  return new DomainError('quota_exceeded', 'forbidden', detail, facts);
}
