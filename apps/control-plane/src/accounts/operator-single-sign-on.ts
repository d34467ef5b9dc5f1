import { type SignedIn } from '@atlas/operator-api';
import { Database, deriveKey, parseSealingKeys, violates } from '@atlas/persistence';
import {
  Clock,
  type FromCookies,
  type ProvenIdentity,
  type SignOnClient,
  SingleSignOn,
  currentContext,
  signOnNotConfigured,
  signOnUnknownAccount,
  Sent,
} from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { operatorEntry } from './account-audit';
import { OperatorSessions } from './operator-sessions';
import { Operator } from './operator.entity';

const REALM = 'control-plane';
const LINK_RULE = { name: 'operators_sso_uq', table: 'operators', columns: ['sso_issuer', 'sso_subject'] };

/**
 * Signs operators in through the company's identity provider. Signing in never creates an
 * operator. Only an owner can create one. A verified email address links an operator to an
 * account at the provider once. From then on, the provider's subject identifies the operator.
 */
@Injectable()
export class OperatorSingleSignOn {
  private readonly logger = new Logger(OperatorSingleSignOn.name);
  private readonly signOn: SingleSignOn;

  constructor(
    private readonly config: ControlPlaneConfig,
    private readonly database: Database,
    private readonly sessions: OperatorSessions,
    private readonly audit: Audit,
    clock: Clock,
  ) {
    const [first] = parseSealingKeys(config.CONTROL_PLANE_SEALING_KEYS);
    const key = deriveKey(String(first?.key.toString('base64')), 'atlas-sign-on');
    this.signOn = new SingleSignOn({ key, isProduction: config.web.isProduction, clock });
  }

  begin(reply: FastifyReply): Promise<Sent<undefined>> {
    return this.signOn.begin(this.client, REALM, reply);
  }

  async finish(request: FastifyRequest, reply: FastifyReply, cookies: FromCookies): Promise<SignedIn> {
    // Only the provider's response reveals who is signing in, so the revocation counts of all operators
    // are read here. A changed count means that the operator was disabled or demoted during the sign-in.
    const before = await this.revocations();
    const identity = await this.signOn.finish(this.client, REALM, request, reply);
    try {
      return await this.database.write((manager) => this.admit(manager, identity, before, cookies));
    } catch (error) {
      throw violates(error, LINK_RULE) ? this.unknown(identity) : error;
    }
  }

  private async admit(
    manager: EntityManager,
    identity: ProvenIdentity,
    before: ReadonlyMap<string, number>,
    cookies: FromCookies,
  ): Promise<SignedIn> {
    const { issuer: ssoIssuer, subject: ssoSubject, email } = identity;
    const found =
      (await manager.findOneBy(Operator, { ssoIssuer, ssoSubject })) ??
      (email === null ? null : await manager.findOneBy(Operator, { email }));
    if (!found) throw this.unknown(identity);
    const operator = await this.sessions.lockSigningIn(manager, found.id, cookies);
    const isRevoked = operator.disabledAt !== null || operator.revocations !== before.get(operator.id);
    // The email address may have been reassigned, so an operator
    // already linked at this provider must match by subject.
    const isLinked = operator.ssoIssuer === ssoIssuer;
    const isTheirs = isLinked ? operator.ssoSubject === ssoSubject : operator.email === email;
    if (isRevoked || !isTheirs) throw this.unknown(identity);
    if (!isLinked) await this.link(manager, operator, identity);
    return this.sessions.open(manager, operator, 'single_sign_on');
  }

  private async link(
    manager: EntityManager,
    operator: Operator,
    { issuer: ssoIssuer, subject: ssoSubject }: ProvenIdentity,
  ): Promise<void> {
    await manager.update(Operator, { id: operator.id }, { ssoIssuer, ssoSubject });
    const context = currentContext();
    if (context) context.actor = { kind: 'operator', id: operator.id };
    const before = { issuer: operator.ssoIssuer, subject: operator.ssoSubject };
    const after = { issuer: ssoIssuer, subject: ssoSubject };
    await this.audit.record(manager, operatorEntry('operator.sign_on_linked', operator.id, after, before));
  }

  private async revocations(): Promise<ReadonlyMap<string, number>> {
    const operators = await this.database.read((manager) =>
      manager.find(Operator, { select: { id: true, revocations: true } }),
    );
    return new Map(operators.map(({ id, revocations }) => [id, revocations]));
  }

  private unknown({ issuer, subject, email }: ProvenIdentity) {
    const isVerified = email !== null;
    this.logger.warn({ msg: 'No operator matches this identity', issuer, subject, isVerified });
    return signOnUnknownAccount(
      'No operator matches your identity. Ask an owner to create one for your email address. The ' +
        'identity provider must have verified that address.',
    );
  }

  private get client(): SignOnClient {
    const { OPERATOR_OIDC_ISSUER: issuer, OPERATOR_OIDC_CLIENT_ID: clientId } = this.config;
    if (issuer === undefined || clientId === undefined)
      throw signOnNotConfigured(
        'Single sign-on is not configured here. Sign in with your email address and password.',
      );
    return {
      issuer,
      clientId,
      clientSecret: this.config.OPERATOR_OIDC_CLIENT_SECRET,
      redirectUri: new URL('/api/auth/oidc/callback', this.config.CONTROL_PLANE_PUBLIC_URL).href,
      // The issuer comes from this process's own configuration, so it may be on a private network.
      publicOnly: false,
    };
  }
}
