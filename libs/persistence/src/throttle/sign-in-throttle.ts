import { currentContext } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { clientNetwork } from './client-network';
import { type Allowance, Throttle } from './throttle';

const WINDOW_SECONDS = 15 * 60;

/** Of devices that never signed in to the account, all together. */
const UNKNOWN_DEVICES: Allowance = {
  ...{ name: 'sign-in', limit: 10, windowSeconds: WINDOW_SECONDS, isStrict: true },
};
/** Of one device that has. */
const KNOWN_DEVICE: Allowance = { ...UNKNOWN_DEVICES, name: 'sign-in of device' };
/** Of one address, over all accounts: few passwords may be tried on many. */
const ONE_ADDRESS: Allowance = {
  ...{ name: 'sign-in from', limit: 100, windowSeconds: WINDOW_SECONDS, isStrict: false },
};

export interface SignInAttempt {
  /** What names the account, whether there is one or not. */
  readonly account: readonly string[];
  /** Of a device that signed in to this account before. */
  readonly deviceHash: string | null;
}

/**
 * Guesses at an account are few, and never lock its owner out: a device that was let in before is counted for itself
 * ("device cookies": https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies).
 */
@Injectable()
export class SignInThrottle {
  constructor(private readonly throttle: Throttle) {}

  /** Before the password is looked at. Throws `too_many_attempts`, for an account as for none. */
  async take(attempt: SignInAttempt): Promise<void> {
    for (const [allowance, counted] of countedOf(attempt)) await this.throttle.take(allowance, counted);
  }

  /** The password was right: it was no guess. */
  async giveBack(attempt: SignInAttempt): Promise<void> {
    for (const [allowance, counted] of countedOf(attempt)) await this.throttle.giveBack(allowance, counted);
  }
}

function countedOf({ account, deviceHash }: SignInAttempt): (readonly [Allowance, readonly string[]])[] {
  if (deviceHash !== null) return [[KNOWN_DEVICE, [...account, deviceHash]]];
  const ip = currentContext()?.ip;
  return [
    ...(ip === undefined ? [] : [[ONE_ADDRESS, [clientNetwork(ip)]] as const]),
    [UNKNOWN_DEVICES, account],
  ];
}
