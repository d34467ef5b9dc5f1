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

/** To whoever gave that address; to one that has a tenant, that it has. */
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
    // In the fragment, so that it reaches no server's log.
    const url = new URL(`/signup/verify#token=${value.reveal()}`, this.config.CONTROL_PLANE_PUBLIC_URL).href;
    return {
      to: signup.email,
      subject: 'Confirm your address for Atlas',
      paragraphs: [
        'Somebody, most likely you, asked for a tenant of Atlas with this address. Confirm that it ' +
          'is yours, and it is made:',
        'The link works once, and for a day. If it was not you, there is nothing to do: without the ' +
          'link nothing happens.',
      ],
      action: { label: 'Confirm', url },
    };
  }
}

function ownLetter(to: string, url: string): AddressedLetter {
  return {
    to,
    subject: 'You have a tenant of Atlas already',
    paragraphs: [
      'Somebody, most likely you, asked for a tenant of Atlas with this address. It has one:',
      'Sign in there. If you need another one, ask Atlas. If it was not you, there is nothing to do.',
    ],
    action: { label: 'Your tenant', url },
  };
}
