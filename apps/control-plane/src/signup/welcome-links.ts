import { type WelcomeLink } from '@atlas/operator-api';
import { type Allowance, Database, Throttle } from '@atlas/persistence';
import { Clock, DomainError, currentContext } from '@atlas/platform';
import { credentialMatches } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit';
import { type Tenant } from '../registry/tenant.entity';
import { SignupLinks } from '../tenants/signup-links';
import { Signup } from '../tenants/signup.entity';
import { lockTenant } from '../tenants/tenants';

const DAY_SECONDS = 24 * 3600;

const ATTEMPTS: Allowance = {
  name: 'welcome link asked for from',
  limit: 60,
  windowSeconds: 3600,
  isStrict: true,
};
/** Each link stays valid for days, so few of them should exist. */
const LINKS: Allowance = { name: 'welcome link of', limit: 5, windowSeconds: DAY_SECONDS, isStrict: true };

/**
 * Shows the welcome link to the browser that confirmed the address, so that its user need not wait for the
 * email. The browser that only requested the tenant may belong to someone who gave another person's address.
 */
@Injectable()
export class WelcomeLinks {
  constructor(
    private readonly database: Database,
    private readonly links: SignupLinks,
    private readonly throttle: Throttle,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Answers 404 to every other browser, whether or not the sign-up exists. */
  async create(id: string, secret: string | undefined): Promise<WelcomeLink> {
    await this.throttle.takeFromClient(ATTEMPTS);
    return this.database.write(async (manager) => {
      const { tenantId, verifiedAt } = await provenSignup(manager, id, secret);
      const until = verifiedAt.getTime() + DAY_SECONDS * 1000;
      if (until <= this.clock.now().getTime()) throw tooLate();
      // Counted in the transaction that creates the link, so only links that exist count.
      await this.throttle.take(LINKS, [id]);
      requireActive(await lockTenant(manager, tenantId));
      const { url, expires_at } = await this.links.create(manager, tenantId);
      const context = currentContext();
      if (context) context.actor = { kind: 'signup', id };
      await this.audit.record(manager, {
        action: 'tenant.signup_link_created',
        targetKind: 'tenant',
        targetId: tenantId,
        after: { expires_at },
      });
      return { url, expires_at };
    });
  }
}

interface Proven {
  readonly tenantId: string;
  readonly verifiedAt: Date;
}

async function provenSignup(manager: EntityManager, id: string, secret: string | undefined): Promise<Proven> {
  const signup = await manager.findOneBy(Signup, { id });
  const { browserHash, tenantId, verifiedAt } = signup ?? {};
  if (secret === undefined || !browserHash || !credentialMatches(secret, browserHash)) throw notHere();
  if (!tenantId || !verifiedAt) throw notHere();
  return { tenantId, verifiedAt };
}

function requireActive({ status }: Tenant): void {
  if (status === 'active') return;
  const detail =
    status === 'provisioning'
      ? 'The tenant is still being provisioned. Try again when its status is "active".'
      : 'The tenant is not active. Once it is, use the link in the welcome email.';
  throw new DomainError('signup_not_ready', 'conflict', detail);
}

function notHere(): DomainError {
  const detail =
    'Only the browser that confirmed the address is shown the link, until it is closed. Use the link in ' +
    'the welcome email.';
  return new DomainError('not_found', 'not_found', detail);
}

function tooLate(): DomainError {
  const detail = 'The link is shown for one day after the address was confirmed. Use the welcome email.';
  return new DomainError('signup_expired', 'gone', detail);
}
