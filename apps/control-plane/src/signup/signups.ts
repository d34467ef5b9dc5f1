import {
  SignupDto,
  VerifySignupDto,
  type ListSignupsQuery,
  ProvisionTenantDto,
  type ListedSignup,
  type SignInOptions,
  type SignupView,
} from '@atlas/operator-api';
import {
  Database,
  Throttle,
  type Allowance,
  clientNetwork,
  insertRow,
  deleteOldRows,
  lockedForUpdate,
} from '@atlas/persistence';
import {
  Clock,
  DomainError,
  type Page,
  type Secret,
  currentContext,
  pageOf,
  validationFailed,
} from '@atlas/platform';
import { hashCredential, mintCredential, parseCredential } from '@atlas/service-auth';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, IsNull, LessThan } from 'typeorm';
import { Audit } from '../audit/audit';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { Mails } from '../mail/mails';
import { Provisioning } from '../operations/provision/provisioning';
import { Tenant } from '../registry/tenant.entity';
import { lockSignups, tenantOf } from '../tenants/signup-tenants';
import { Signup } from '../tenants/signup.entity';
import { EarlierSignupToken } from './earlier-signup-token.entity';
import { listedSignup, signupView, SQL_OF_STATUS } from './signup.view';
import { organisationOf, slugsFor } from './slug-proposals';

export const VERIFY_SIGNUP = 'verify_signup';
const DAY_MS = 24 * 3600_000;
const KEPT_MS = 30 * DAY_MS;

const HOUR = { windowSeconds: 3600, isStrict: false };
const REQUESTS: Allowance = { name: 'sign-up from', limit: 10, ...HOUR };
const LOOKS: Allowance = { name: 'sign-up looked at from', limit: 600, ...HOUR };
/** Keeps people from flooding someone else's inbox. */
const MAILS: Allowance = { name: 'sign-up mail to', limit: 3, ...HOUR };

interface Verified {
  readonly view: SignupView;
  /** A secret for the caller's browser. Only the call that confirms the address gets one. */
  readonly browserSecret: Secret | null;
}

/** Self-service sign-up. Anyone who verifies an email address gets a shared tenant. */
@Injectable()
export class Signups {
  constructor(
    private readonly database: Database,
    private readonly provisioning: Provisioning,
    private readonly mails: Mails,
    private readonly throttle: Throttle,
    private readonly audit: Audit,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Does the same work and returns the same response for every address.
   * Only the email reveals whether the address already has a tenant.
   */
  async request(dto: SignupDto): Promise<SignupView> {
    this.requireOpen();
    const email = dto.email.toLowerCase();
    requireName(dto);
    await this.throttle.take(REQUESTS, [network()]);
    const now = this.clock.now();
    const signup: Signup = {
      id: uuidv7(now),
      email,
      organisation: dto.organisation?.trim() ?? null,
      slug: dto.slug ?? null,
      tokenHash: null,
      browserHash: null,
      createdAt: now,
      expiresAt: new Date(now.getTime() + DAY_MS),
      verifiedAt: null,
      tenantId: null,
    };
    await this.database.write(async (manager) => {
      // Counted in the transaction that queues the email, so
      // that a failed request does not count towards the limit.
      const mayBeWrittenTo = await this.throttle.isTaken(MAILS, [email]);
      await insertRow(manager, Signup, signup);
      if (mayBeWrittenTo) await this.mails.add({ manager }, VERIFY_SIGNUP, { signup_id: signup.id });
    });
    return signupView(signup, null, now);
  }

  options(): SignInOptions {
    const { OPERATOR_OIDC_ISSUER: issuer, SIGNUP_CLOSED: isClosed } = this.config;
    const closed = this.mails.isOn ? 'closed' : 'mail_off';
    return {
      single_sign_on: issuer !== undefined,
      sign_up: isClosed || !this.mails.isOn ? closed : 'open',
    };
  }

  /**
   * Provisions the tenant. A repeated call returns the progress of the provisioning, but no secret: the email
   * with the link may have been forwarded.
   */
  async verify({ token, slug }: VerifySignupDto): Promise<Verified> {
    this.requireOpen();
    if (!parseCredential('asu', token)) throw noSuchLink();
    await this.throttle.take(LOOKS, [network()]);
    const { id, browserSecret } = await this.database.write(async (manager) => {
      const signup = await signupWith(manager, hashCredential(token));
      if (!signup) throw noSuchLink();
      // Serialises verifications of the same address.
      await lockSignups(manager, signup.email);
      const current = await manager.findOneByOrFail(Signup, { id: signup.id });
      if (current.verifiedAt) return { id: signup.id, browserSecret: null };
      if (current.expiresAt <= this.clock.now()) throw expired();
      return { id: signup.id, browserSecret: await this.provision(manager, current, slug) };
    });
    return { view: await this.view(id), browserSecret };
  }

  async get(id: string): Promise<SignupView> {
    await this.throttle.take(LOOKS, [network()]);
    return this.view(id);
  }

  /** Newest first. */
  async list({ cursor, limit, status }: ListSignupsQuery): Promise<Page<ListedSignup>> {
    return this.database.read(async (manager) => {
      const now = this.clock.now();
      const query = manager
        .createQueryBuilder(Signup, 'signup')
        .orderBy('signup.id', 'DESC')
        .take(limit + 1);
      if (status) query.andWhere(SQL_OF_STATUS[status], { now });
      if (cursor) query.andWhere('signup.id < :cursor', { cursor });
      const signups = await query.getMany();
      const ids = signups.flatMap(({ tenantId }) => tenantId ?? []);
      const tenants = new Map((await manager.findBy(Tenant, { id: In(ids) })).map((one) => [one.id, one]));
      const tenantOfOne = ({ tenantId }: Signup) => (tenantId ? (tenants.get(tenantId) ?? null) : null);
      return pageOf(signups, limit, (signup) => listedSignup(signup, tenantOfOne(signup), now));
    });
  }

  /**
   * Deletes old sign-ups, whether verified or not, because they contain addresses that are no longer needed.
   */
  async sweep(): Promise<void> {
    const old = new Date(this.clock.now().getTime() - KEPT_MS);
    const write = this.database.write.bind(this.database);
    await deleteOldRows(write, { entity: Signup, key: 'id', where: { expiresAt: LessThan(old) } });
  }

  private async provision(manager: EntityManager, signup: Signup, slug: string | undefined): Promise<Secret> {
    const context = currentContext();
    if (context) context.actor = { kind: 'signup', id: signup.id };
    const own = await tenantOf(manager, signup.email);
    if (own) throw alreadySignedUp(own);
    const name = signup.organisation ?? organisationOf(signup.email) ?? signup.email;
    const wanted = slug ?? signup.slug ?? (await firstFree(manager, slugsFor(name)));
    if (wanted === undefined) throw slugNeeded();
    const dto: ProvisionTenantDto = {
      name,
      slug: wanted,
      deployment_model: 'shared',
      admin_email: signup.email,
      plan: 'core',
    };
    const { tenant } = await this.provisioning.start(dto, 'signup');
    const { id: tenantId } = tenant;
    const { value: secret } = mintCredential('asb');
    const browserHash = hashCredential(secret);
    await manager.update(Signup, { id: signup.id }, { verifiedAt: this.clock.now(), tenantId, browserHash });
    const after = { tenant_id: tenantId };
    await this.audit.record(manager, {
      action: 'signup.verified',
      targetKind: 'signup',
      targetId: signup.id,
      after,
    });
    return secret;
  }

  private async view(id: string): Promise<SignupView> {
    return this.database.read(async (manager) => {
      const signup = await manager.findOneBy(Signup, { id });
      if (!signup)
        throw new DomainError(
          'not_found',
          'not_found',
          'There is no such sign-up. It may have been deleted; sign up again.',
        );
      const tenant = signup.tenantId ? await manager.findOneBy(Tenant, { id: signup.tenantId }) : null;
      return signupView(signup, tenant, this.clock.now());
    });
  }

  private requireOpen(): void {
    if (this.options().sign_up === 'open') return;
    throw new DomainError('signup_closed', 'forbidden', 'Sign-up is closed. Contact Atlas instead.');
  }
}

/** Locks the sign-up, so that no further email is sent once a link from an earlier copy has been used. */
export async function openSignup(manager: EntityManager, id: string, now: Date): Promise<Signup | null> {
  const signup = await lockedForUpdate(
    manager.createQueryBuilder(Signup, 'signup').where({ id, verifiedAt: IsNull() }),
  ).getOne();
  return signup && signup.expiresAt > now ? signup : null;
}

/**
 * Checks the newest token before the earlier ones. Between the two checks,
 * the newest token can become an earlier one, but not the reverse.
 */
async function signupWith(manager: EntityManager, tokenHash: string): Promise<Signup | null> {
  const newest = await manager.findOneBy(Signup, { tokenHash });
  const earlier = newest ? null : await manager.findOneBy(EarlierSignupToken, { tokenHash });
  return earlier ? manager.findOneBy(Signup, { id: earlier.signupId }) : newest;
}

async function firstFree(manager: EntityManager, slugs: readonly string[]): Promise<string | undefined> {
  const where = { slug: In([...slugs]), holdsSlug: true };
  const taken = (await manager.find(Tenant, { select: { slug: true }, where })).map(({ slug }) => slug);
  return slugs.find((slug) => !taken.includes(slug));
}

function requireName({ email, organisation, slug }: SignupDto): void {
  const isNamed = slug !== undefined || slugsFor(organisation ?? organisationOf(email) ?? '').length > 0;
  const message =
    'organisation is required, because no slug can be derived from the email address. Send a name ' +
    'that contains letters a-z, or send a slug.';
  if (!isNamed) throw validationFailed([{ field: 'organisation', message }]);
}

function network(): string {
  return clientNetwork(currentContext()?.ip ?? '');
}

function noSuchLink(): DomainError {
  const detail = 'This sign-up link is unknown. Copy the whole link from the email, or sign up again.';
  return new DomainError('signup_link_unknown', 'not_found', detail);
}

function expired(): DomainError {
  return new DomainError(
    'signup_expired',
    'gone',
    'This link has expired. Links are valid for one day. Sign up again.',
  );
}

function slugNeeded(): DomainError {
  return new DomainError(
    'slug_taken',
    'conflict',
    'All slugs generated from this name are taken. Choose a slug yourself.',
  );
}

/** Shown only to someone who has verified the address. */
function alreadySignedUp({ url }: Tenant): DomainError {
  const detail = `You already have a tenant: ${url}. Sign in there, or ask Atlas for another one.`;
  return new DomainError('already_signed_up', 'conflict', detail);
}
