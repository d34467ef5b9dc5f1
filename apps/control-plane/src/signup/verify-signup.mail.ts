import {
  type AddressedLetter,
  MailKind,
  type MailScope,
  type MailSubject,
  insertRow,
} from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { hashCredential, mintCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { tenantOf } from '../tenants/signup-tenants';
import { Signup } from '../tenants/signup.entity';
import { EarlierSignupToken } from './earlier-signup-token.entity';
import { VERIFY_SIGNUP, openSignup } from './signups';

/** Asks the recipient to confirm the sign-up, or points them to the tenant that they already have. */
@Injectable()
export class VerifySignupMail extends MailKind {
  readonly name = VERIFY_SIGNUP;

  constructor(
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {
    super();
  }

  async write({ manager }: MailScope, { signup_id: id = '' }: MailSubject): Promise<AddressedLetter | null> {
    const signup = await openSignup(manager, id, this.clock.now());
    if (!signup) return null;
    const own = await tenantOf(manager, signup.email);
    if (own?.url) return ownLetter(signup.email, own.url);
    const { tokenHash } = signup;
    if (tokenHash !== null) await insertRow(manager, EarlierSignupToken, { tokenHash, signupId: id });
    const { value } = mintCredential('asu');
    await manager.update(Signup, { id }, { tokenHash: hashCredential(value) });
    // Browsers do not send the fragment, so the token appears in no server's log.
    const url = new URL(`/signup/verify#token=${value.reveal()}`, this.config.CONTROL_PLANE_PUBLIC_URL).href;
    return {
      to: signup.email,
      subject: 'Confirm your address for Atlas',
      paragraphs: [
        'Someone, probably you, requested an Atlas tenant with this address. To create it, confirm ' +
          'that the address is yours:',
        'The link can be used once and expires after one day. If this was not you, ignore this email: ' +
          'nothing happens unless the link is used.',
      ],
      action: { label: 'Confirm', url },
    };
  }
}

function ownLetter(to: string, url: string): AddressedLetter {
  return {
    to,
    subject: 'You already have an Atlas tenant',
    paragraphs: [
      'Someone, probably you, requested an Atlas tenant with this address, but the address already has one:',
      'Sign in there. If you need another tenant, ask Atlas. If this was not you, ignore this email.',
    ],
    action: { label: 'Your tenant', url },
  };
}
